"use client";

import { useRef } from "react";
import type { RunRecord } from "@/lib/run/run-record";

/** Returns tokens per second: measured here during the run, then the server's figure. */
export function useArrivalRate({ frames, done, phase }: RunRecord): number | null {
  const first = useRef({ at: 0, count: 0 });
  const rate = useRef<number | null>(null);
  if (done) return done.tokensPerSecond;
  if (frames.length === 0) {
    first.current = { at: 0, count: 0 };
    rate.current = null;
  } else if (first.current.at === 0) {
    first.current = { at: performance.now(), count: frames.length };
  } else if (phase === "running" && frames.length > first.current.count) {
    const seconds = (performance.now() - first.current.at) / 1000;
    rate.current = (frames.length - first.current.count) / seconds;
  }
  return rate.current;
}
