"use client";

import { createContext, useContext } from "react";

/**
 * In a comparison, the distance of the two residual streams at the shown token, after the embedding
 * and after each layer, as a fraction of the norm of the first run's. Null outside a comparison and
 * where it was not measured.
 */
export const DifferenceContext = createContext<Float32Array | null>(null);

export const useDifference = () => useContext(DifferenceContext);
