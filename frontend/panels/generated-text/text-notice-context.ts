"use client";

import { createContext, type ReactNode } from "react";

/** What the panel shows above the text, such as that the run is a recording. */
export const TextNoticeContext = createContext<ReactNode>(null);
