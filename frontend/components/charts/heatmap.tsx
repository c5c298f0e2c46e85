"use client";

import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { useElementSize } from "@/components/hooks/use-element-size";
import { rootUnit } from "@/lib/browser/root-unit";
import { inkOn, RAMPS, rampColour, type Theme } from "@/lib/colour/ramp";
import type { Matrix } from "@/lib/contract/frames";
import { usePixelRatio } from "@/lib/export/pixel-ratio";
import { useShownTheme } from "@/lib/theme/use-theme";
import { cellAfter, type GridCell } from "./grid-keys";

interface HeatmapProps {
  matrix: Matrix;
  /** The value with the strongest colour. 0 has the background's colour. */
  max: number;
  label: string;
  /** Formats a value for a cell that is large enough to show it. */
  format: (value: number) => string;
  /** Text announced to screen readers when the keyboard moves to a cell. */
  sayCell: (cell: GridCell) => string;
  cell: GridCell | null;
  onCell: (cell: GridCell | null) => void;
  /** Called when a key has moved to a cell, so that it can be scrolled into view. */
  onWalk?: (cell: GridCell) => void;
}

/** Cells smaller than this, in CSS pixels, show no number. */
const NUMBER_CELL = { width: 38, height: 18 };

/**
 * Draws a matrix on a canvas of any size, the first row at the bottom, as layers are drawn. Cells
 * are selected with the pointer or the arrow keys.
 */
export function Heatmap(props: HeatmapProps) {
  const { matrix, max, label, format, sayCell, cell, onCell, onWalk } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [frame, size] = useElementSize<HTMLDivElement>();
  const [announcement, setAnnouncement] = useState("");
  const theme = useShownTheme();
  const ratio = usePixelRatio();

  useEffect(() => {
    if (canvas.current && size.width > 0)
      paint(canvas.current, { matrix, max, theme, size, ratio, format });
  }, [matrix, max, theme, size, ratio, format]);

  const point = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const place = (share: number, n: number) => Math.max(0, Math.min(n - 1, Math.floor(share * n)));
    onCell({
      row: place((box.bottom - event.clientY) / box.height, matrix.rows),
      column: place((event.clientX - box.left) / box.width, matrix.columns),
    });
  };
  const walk = (event: KeyboardEvent) => {
    const next = cellAfter(cell, event.key, { ...matrix, upwards: true });
    if (!next) return;
    event.preventDefault();
    onCell(next);
    onWalk?.(next);
    setAnnouncement(sayCell(next));
  };

  return (
    <div
      ref={frame}
      role="group"
      tabIndex={0}
      aria-label={label}
      onPointerMove={point}
      onPointerLeave={() => onCell(null)}
      onKeyDown={walk}
      className="relative size-full cursor-crosshair touch-pan-y overflow-hidden rounded-[3px]"
    >
      <canvas ref={canvas} aria-hidden className="absolute inset-0 size-full" />
      {cell && <Outline cell={cell} matrix={matrix} />}
      <span aria-live="polite" className="sr-only">
        {announcement}
      </span>
    </div>
  );
}

function Outline({ cell, matrix }: { cell: GridCell; matrix: Matrix }) {
  return (
    <span
      aria-hidden
      className="pointer-events-none absolute border-2 border-accent"
      style={{
        bottom: `${(cell.row / matrix.rows) * 100}%`,
        left: `${(cell.column / matrix.columns) * 100}%`,
        width: `${100 / matrix.columns}%`,
        height: `${100 / matrix.rows}%`,
      }}
    />
  );
}

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Picture {
  readonly matrix: Matrix;
  readonly max: number;
  readonly theme: Theme;
  readonly size: Size;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
  readonly format: (value: number) => string;
}

function paint(canvas: HTMLCanvasElement, picture: Picture) {
  const { matrix, max, theme, size, ratio } = picture;
  const context = canvas.getContext("2d");
  if (!context) return;
  const width = Math.round(size.width * ratio);
  const height = Math.round(size.height * ratio);
  // Setting the size clears the canvas, even when it does not change.
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  context.imageSmoothingEnabled = false;
  context.drawImage(cellsOf(matrix, max, theme), 0, 0, canvas.width, canvas.height);
  const cell = { width: size.width / matrix.columns, height: size.height / matrix.rows };
  const unit = rootUnit();
  if (cell.width < NUMBER_CELL.width * unit || cell.height < NUMBER_CELL.height * unit) return;
  context.scale(ratio, ratio);
  writeNumbers(context, picture, cell);
}

/** Returns a canvas with one pixel per cell. Missing values are transparent. */
function cellsOf({ rows, columns, values }: Matrix, max: number, theme: Theme): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const image = new ImageData(columns, rows);
  const ramp = RAMPS.attention[theme];
  values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    const colour = ramp[Math.round(Math.max(0, Math.min(1, value / max)) * (ramp.length - 1))];
    const pixel = (rows - 1 - Math.floor(i / columns)) * columns + (i % columns);
    image.data.set([...(colour ?? []), 255], pixel * 4);
  });
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

function writeNumbers(context: CanvasRenderingContext2D, picture: Picture, cell: Size) {
  const { matrix, max, theme, format } = picture;
  const family = getComputedStyle(document.documentElement).getPropertyValue("--font-geist-mono");
  context.font = `${12 * rootUnit()}px ${family || "monospace"}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  matrix.values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    context.fillStyle = inkOn(rampColour("attention", theme, value / max));
    const x = ((i % matrix.columns) + 0.5) * cell.width;
    const y = (matrix.rows - Math.floor(i / matrix.columns) - 0.5) * cell.height;
    context.fillText(format(value), x, y + 0.5);
  });
}
