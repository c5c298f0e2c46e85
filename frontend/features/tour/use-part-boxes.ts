"use client";

import { useEffect, useState } from "react";
import type { Box } from "./card-position";
import { isShown, partsOf } from "./tour";

/** Returns the bounding boxes of a step's parts in the window, updated on scroll and resize. */
export function usePartBoxes(step: number): readonly Box[] {
  const [boxes, setBoxes] = useState<readonly Box[]>([]);
  useEffect(() => {
    const elements = partsOf(step);
    elements[0]?.scrollIntoView({ block: "nearest" });
    const measure = () =>
      setBoxes((before) => {
        const now = elements.filter(isShown).map(boxOf).filter(isInView);
        return JSON.stringify(before) === JSON.stringify(now) ? before : now;
      });
    measure();
    const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(measure);
    for (const element of elements) observer?.observe(element);
    // In the capture phase, because scroll events of inner elements do not bubble.
    window.addEventListener("scroll", measure, { capture: true, passive: true });
    window.addEventListener("resize", measure);
    return () => {
      observer?.disconnect();
      window.removeEventListener("scroll", measure, { capture: true });
      window.removeEventListener("resize", measure);
    };
  }, [step]);
  return boxes;
}

const isInView = ({ top, height }: Box): boolean => top < window.innerHeight && top + height > 0;

function boxOf(element: Element): Box {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { left, top, width, height };
}
