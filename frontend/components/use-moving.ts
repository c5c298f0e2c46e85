"use client";

import { useEffect, useState } from "react";
import { createMoving } from "@/lib/timeline/moving";

/** Whether values follow each other too fast to be read. */
export function useMoving(value: unknown): boolean {
  const [moving, setMoving] = useState(false);
  const [watch] = useState(() => createMoving(setMoving));
  useEffect(() => () => watch.end(), [watch]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another value is what is waited for
  useEffect(() => watch.changed(), [watch, value]);
  return moving;
}
