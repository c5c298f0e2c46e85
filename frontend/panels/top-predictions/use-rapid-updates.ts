"use client";

import { useEffect, useState } from "react";
import { createRapidUpdates } from "@/lib/timeline/rapid-updates";

/** Returns whether a value changes too fast to be read. */
export function useRapidUpdates(value: unknown): boolean {
  const [moving, setMoving] = useState(false);
  const [watch] = useState(() => createRapidUpdates(setMoving));
  useEffect(() => () => watch.end(), [watch]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another value is what is waited for
  useEffect(() => watch.changed(), [watch, value]);
  return moving;
}
