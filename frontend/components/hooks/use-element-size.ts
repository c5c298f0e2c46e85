"use client";

import { type RefObject, useEffect, useRef, useState } from "react";
import { rootUnit } from "@/lib/browser/root-unit";

interface Size {
  readonly width: number;
  readonly height: number;
  /** How many pixels stand for one pixel of a drawing (rootUnit). */
  readonly unit: number;
}

/** Returns a ref, and the current size of the element that it is attached to. */
export function useElementSize<T extends Element>(): [RefObject<T | null>, Size] {
  const ref = useRef<T>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0, unit: 1 });
  useEffect(() => {
    const element = ref.current;
    if (!element || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      setSize({ width, height, unit: rootUnit() });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, size];
}
