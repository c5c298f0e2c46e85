"use client";

import { createContext, useContext } from "react";
import type { Alternative } from "@/lib/run/fork";

/** Forks the run with another token at a step; null if no server is available. */
export const ForkContext = createContext<((step: number, token: Alternative) => void) | null>(null);

export const useFork = () => useContext(ForkContext);
