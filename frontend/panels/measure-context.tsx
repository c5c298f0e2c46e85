"use client";

import { createContext, useContext } from "react";

/**
 * Repeats the run and captures further probes, too; null if the run cannot be repeated.
 */
export const MeasureContext = createContext<((probes: readonly string[]) => void) | null>(null);

export const useMeasure = () => useContext(MeasureContext);
