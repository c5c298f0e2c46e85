"use client";

import { createContext, useContext } from "react";

/** Puts a prompt into the form and runs it; null where there is no form. */
export const BeginContext = createContext<((prompt: string) => void) | null>(null);

export const useBegin = () => useContext(BeginContext);
