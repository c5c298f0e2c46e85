import { useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";

/** The pixel ratio of the picture that is being made; null if none is. */
const picture = createStore<{ readonly ratio: number | null }>(() => ({ ratio: null }));

/**
 * The number of canvas pixels per CSS pixel: that of the screen, or that of a picture being made.
 */
export const usePixelRatio = (): number => useSyncExternalStore(subscribe, pixelRatio, () => 1);

const pixelRatio = (): number => picture.getState().ratio ?? (window.devicePixelRatio || 1);

/** Whether a picture of the page is being made. */
export const usePictured = (): boolean => useStore(picture, ({ ratio }) => ratio !== null);

/** Draws canvases with this pixel ratio, for a picture; null restores the screen's ratio. */
export const setPictureRatio = (ratio: number | null): void => picture.setState({ ratio });

function subscribe(listener: () => void): () => void {
  const stop = picture.subscribe(listener);
  window.addEventListener("resize", listener);
  return () => {
    stop();
    window.removeEventListener("resize", listener);
  };
}
