"use client";

import { createContext, useContext } from "react";
import type { Alternative } from "@/lib/run/fork";

/** Goes on with another token from a step of the run; null where no server could. */
export const ForkContext = createContext<((step: number, token: Alternative) => void) | null>(null);

export const useFork = () => useContext(ForkContext);
