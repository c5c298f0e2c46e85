"use client";

import { type RefObject, useEffect, useRef, useState } from "react";

/** A little more than what is in sight, so that nothing stale scrolls into it. */
const MARGIN = "128px";

/** A ref and whether the element that holds it is in sight, or nearly so. */
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
