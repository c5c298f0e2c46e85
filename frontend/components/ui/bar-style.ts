import type { CSSProperties } from "react";

/**
 * The length of a `bar-x` or `bar-y` as a share of its room. A transform of its own: a custom
 * property would have every bar's style resolved anew at each step, which is twenty times as dear.
 */
export const barX = (share: number): CSSProperties => ({ transform: `scaleX(${share})` });
export const barY = (share: number): CSSProperties => ({ transform: `scaleY(${share})` });
