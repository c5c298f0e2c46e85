"use client";

import { useEffect, useState } from "react";

/** Longer than tokens that go by leave each other. */
const RESTS_MS = 160;

/** The value as it last was when it had rested for a while: for what nobody sees meanwhile. */
export function useRested<T>(value: T): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), RESTS_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
