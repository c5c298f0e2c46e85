"use client";

import { useEffect, useState } from "react";

/** Longer than the interval between tokens that fly by. */
const RESTS_MS = 160;

type Wait = (act: () => void) => () => void;

const atOnce: Wait = (act) => {
  act();
  return () => {};
};

/**
 * Returns the value after it has not changed for a while. Used for parts that are not visible.
 *
 * @param ms how long it must not have changed
 * @param wait calls its argument when the new value may be rendered, and returns a function that
 *   withdraws that
 */
export function useDebounced<T>(value: T, ms: number = RESTS_MS, wait: Wait = atOnce): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    let withdraw = () => {};
    const timer = setTimeout(() => {
      withdraw = wait(() => setRested(value));
    }, ms);
    return () => {
      clearTimeout(timer);
      withdraw();
    };
  }, [value, ms, wait]);
  return rested;
}
