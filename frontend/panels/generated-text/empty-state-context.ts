"use client";

import { createContext, type ReactNode } from "react";

/** What the page shows below the explanation before the first run; null for nothing. */
export const EmptyStateContext = createContext<ReactNode>(null);
