"use client";

import { memo, useEffect, useRef } from "react";
import type { TokenFrame } from "@/lib/run/frames";
import { useShownTheme } from "@/lib/theme/use-theme";
import { seriesOf } from "@/lib/timeline/series";
import { type Colours, curveColours, paintCurves, type Size } from "./paint-curves";

interface CurvesProps {
  frames: readonly TokenFrame[];
  /** The same list grows, so its length tells that there is something new. */
  count: number;
  /** Tokens that the axis holds. */
  length: number;
  size: Size;
}

/** The picture of all tokens; painted anew when there are more of them, not when one is shown. */
export const Curves = memo(function Curves({ frames, count, length, size }: CurvesProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const colours = useRef<{ theme: string; of: Colours } | null>(null);
  const theme = useShownTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: count tells of what was appended
  useEffect(() => {
    if (!canvas.current || size.width === 0) return;
    if (colours.current?.theme !== theme) colours.current = { theme, of: curveColours() };
    const series = seriesOf(frames);
    paintCurves(canvas.current, { series, length, size, colours: colours.current.of });
  }, [frames, count, length, size, theme]);
  return <canvas ref={canvas} aria-hidden className="absolute inset-0 size-full" />;
});
