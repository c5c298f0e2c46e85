"use client";

import { useEffect, useState } from "react";

/** Longer than the interval between tokens that are played back. */
const RESTS_MS = 160;

/** Returns the value after it has not changed for a while. Used for parts that are not visible. */
export function useDebounced<T>(value: T): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), RESTS_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
