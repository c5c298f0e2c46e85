"use client";

import { useEffect, useState } from "react";

/** The longest time in milliseconds to wait for a page that is not busy. */
const PATIENCE = 3_000;

/** Whether the page has been idle once: the time for what the first paint does not need. */
export function useIdle(): boolean {
  const [isIdle, setIdle] = useState(false);
  useEffect(() => {
    const show = () => setIdle(true);
    // Safari has no requestIdleCallback.
    if ("requestIdleCallback" in window) requestIdleCallback(show, { timeout: PATIENCE });
    else setTimeout(show, PATIENCE);
  }, []);
  return isIdle;
}
