import { useSyncExternalStore } from "react";

let asked: number | null = null;
const listeners = new Set<() => void>();

/** How many dots a canvas draws for each pixel of the page: the screen's, or a picture's. */
export const usePixelRatio = (): number => useSyncExternalStore(subscribe, pixelRatio, () => 1);

const pixelRatio = (): number => asked ?? (window.devicePixelRatio || 1);

/** Whether a picture is made of the page. */
export const usePictured = (): boolean =>
  useSyncExternalStore(
    subscribe,
    () => asked !== null,
    () => false,
  );

/** Draw for a picture of this many dots rather than for the screen; null is the screen again. */
export function askPixelRatio(ratio: number | null): void {
  asked = ratio;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("resize", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("resize", listener);
  };
}
