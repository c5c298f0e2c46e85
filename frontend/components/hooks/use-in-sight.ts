"use client";

import { type RefObject, useEffect, useRef, useState } from "react";

/** Margin around the viewport in which an element counts as visible, before it is. */
const MARGIN = "128px";

/** Returns a ref, and whether the element with that ref is visible or nearly so. */
export function useInSight<T extends Element>(): [RefObject<T | null>, boolean] {
  const ref = useRef<T>(null);
  const [inSight, setInSight] = useState(true);
  useEffect(() => {
    const element = ref.current;
    if (!element || typeof IntersectionObserver === "undefined") return;
    const observer = new IntersectionObserver(
      (entries) => setInSight(entries.at(-1)?.isIntersecting ?? true),
      { rootMargin: MARGIN },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, inSight];
}
