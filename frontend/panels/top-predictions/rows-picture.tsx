import { type RefObject, useLayoutEffect, useRef } from "react";
import type { TokenFrame } from "@/lib/contract/frames";
import { usePixelRatio } from "@/lib/export/pixel-ratio";
import { useShownTheme } from "@/lib/theme/use-theme";
import { drawRows } from "./draw-rows";
import { type RowStyles, readStyles } from "./row-styles";
import { TextPainter } from "./text-painter";

interface RowsPictureProps {
  frame: TokenFrame;
  /** The number of visible rows. */
  count: number;
  /** The table that this replaces, which is laid out but hidden. */
  table: RefObject<HTMLTableElement | null>;
  /** The width of the list, on which the measured styles depend. */
  width: number;
}

/**
 * The rows drawn on a canvas that looks the same, used during rapid updates. Drawing takes a
 * quarter of the time that style, layout and paint of forty changed elements take.
 */
export function RowsPicture({ frame, count, table, width }: RowsPictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<{ pen: TextPainter; look: RowStyles } | null>(null);
  const theme = useShownTheme();
  const ratio = usePixelRatio();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the look depends on
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d", { alpha: false });
    const look = table.current && readStyles(table.current);
    if (!context || !look) return;
    const room = { ...look.first, height: count * look.row.height };
    drawing.current = { pen: new TextPainter(context, ratio, room), look };
  }, [table, theme, ratio, width, count]);
  useLayoutEffect(() => {
    if (drawing.current) drawRows(drawing.current.pen, frame, count, drawing.current.look);
  });
  return <canvas ref={canvas} aria-hidden className="absolute" />;
}
