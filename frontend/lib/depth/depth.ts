import { localStore } from "@/lib/browser/storage";
import { readAddress } from "@/lib/url-state/address-bar";
import { linkedStore, oneOf } from "@/lib/url-state/linked-store";

/**
 * How much the page explains. look: plain words. explain: the terms of the field. measure: also
 * units, hook points and formulas.
 */
export const DEPTHS = ["look", "explain", "measure"] as const;
export type Depth = (typeof DEPTHS)[number];

const USUAL: Depth = "explain";
const KEY = "mav-depth";
const PARAMETER = "depth";

/** The depth of the link, or of an earlier visit. */
export const depthStore = linkedStore<Depth>(PARAMETER, USUAL, oneOf(DEPTHS));

/**
 * An inline script that applies the depth before the first paint: style sheets choose by the
 * attribute (`look:`, `explain:`, `measure:`). It is always set: setting it later makes the browser
 * compute all styles again.
 */
export const DEPTH_SCRIPT = `(function(){var a=${JSON.stringify(DEPTHS)},d=new URLSearchParams(location.search).get("${PARAMETER}");try{a.includes(d)||(d=localStorage.getItem("${KEY}"))}catch{}document.documentElement.dataset.depth=a.includes(d)?d:"${USUAL}"})()`;

export const currentDepth = (): Depth => depthStore.getState();

/** Applies the depth of an earlier visit, unless the link has one. Returns a function that ends it. */
export function followDepth(): () => void {
  const show = (depth: Depth) => {
    document.documentElement.dataset.depth = depth;
  };
  const stop = depthStore.subscribe(show);
  const stored = DEPTHS.find((depth) => depth === localStore.getItem(KEY));
  if (stored && !readAddress().has(PARAMETER)) depthStore.setState(stored, true);
  show(currentDepth());
  return stop;
}

/** Shows this depth, now and on later visits. */
export function chooseDepth(depth: Depth): void {
  localStore.setItem(KEY, depth);
  depthStore.setState(depth, true);
}
