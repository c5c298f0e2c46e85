import { type RefObject, useLayoutEffect, useRef } from "react";
import { usePixelRatio } from "@/lib/export/pixel-ratio";
import type { TokenFrame } from "@/lib/run/frames";
import { useShownTheme } from "@/lib/theme/use-theme";
import { drawRows } from "./draw-rows";
import { Pen } from "./pen";
import { type RowsLook, readLook } from "./rows-look";

interface RowsPictureProps {
  frame: TokenFrame;
  /** How many of its rows are in sight. */
  count: number;
  /** What it stands in for, laid out but not seen. */
  table: RefObject<HTMLTableElement | null>;
  /** Of the list; what is read off the table holds for one. */
  width: number;
}

/**
 * The rows as a picture that looks as they do, while steps follow each other too fast to be read:
 * drawing it asks a quarter of what new texts in forty elements ask of style, layout and paint.
 */
export function RowsPicture({ frame, count, table, width }: RowsPictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<{ pen: Pen; look: RowsLook } | null>(null);
  const theme = useShownTheme();
  const ratio = usePixelRatio();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the look depends on
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d", { alpha: false });
    const look = table.current && readLook(table.current);
    if (!context || !look) return;
    const room = { ...look.first, height: count * look.row.height };
    drawing.current = { pen: new Pen(context, ratio, room), look };
  }, [table, theme, ratio, width, count]);
  useLayoutEffect(() => {
    if (drawing.current) drawRows(drawing.current.pen, frame, count, drawing.current.look);
  });
  return <canvas ref={canvas} aria-hidden className="absolute" />;
}
