"use client";

import { memo, useEffect, useRef } from "react";
import type { TokenFrame } from "@/lib/contract/frames";
import { useShownTheme } from "@/lib/theme/use-theme";
import { seriesOf } from "@/lib/timeline/series";
import { type Colours, curveColours, paintCurves, type Size } from "./paint-curves";

interface CurvesProps {
  frames: readonly TokenFrame[];
  /** Number of tokens. Needed because `frames` is the same array when tokens are appended. */
  count: number;
  /** Number of tokens that the axis has room for. */
  length: number;
  size: Size;
}

/** The curves of all tokens. Redrawn when tokens are added, but not when another one is shown. */
export const Curves = memo(function Curves({ frames, count, length, size }: CurvesProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const colours = useRef<{ theme: string; of: Colours } | null>(null);
  const theme = useShownTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: count changes when tokens are appended
  useEffect(() => {
    if (!canvas.current || size.width === 0) return;
    if (colours.current?.theme !== theme) colours.current = { theme, of: curveColours() };
    const series = seriesOf(frames);
    paintCurves(canvas.current, { series, length, size, colours: colours.current.of });
  }, [frames, count, length, size, theme]);
  return <canvas ref={canvas} aria-hidden className="absolute inset-0 size-full" />;
});
