"use client";

import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { inkOn, RAMPS, rampColour, type Theme } from "@/lib/colour/ramp";
import { usePixelRatio } from "@/lib/export/pixel-ratio";
import type { Matrix } from "@/lib/run/frames";
import { useShownTheme } from "@/lib/theme/use-theme";
import { useElementSize } from "./use-element-size";

export interface Cell {
  readonly row: number;
  readonly column: number;
}

interface HeatmapProps {
  matrix: Matrix;
  /** The value that gets the strongest colour; 0 gets the paper's. */
  max: number;
  label: string;
  /** A value as it is written into a cell that has room for it. */
  format: (value: number) => string;
  /** What is said, once, when the keyboard moves to a cell. */
  sayCell: (cell: Cell) => string;
  cell: Cell | null;
  onCell: (cell: Cell | null) => void;
}

/** Cells smaller than this show no number. */
const NUMBER_CELL = { width: 38, height: 18 };

/** A matrix as a picture that scales to any size; pointed at or walked with the arrow keys. */
export function Heatmap({ matrix, max, label, format, sayCell, cell, onCell }: HeatmapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [frame, size] = useElementSize<HTMLDivElement>();
  const [said, setSaid] = useState("");
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
      row: place((event.clientY - box.top) / box.height, matrix.rows),
      column: place((event.clientX - box.left) / box.width, matrix.columns),
    });
  };
  const walk = (event: KeyboardEvent) => {
    const next = neighbour(cell, event.key, matrix);
    if (!next) return;
    event.preventDefault();
    onCell(next);
    setSaid(sayCell(next));
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
        {said}
      </span>
    </div>
  );
}

function Outline({ cell, matrix }: { cell: Cell; matrix: Matrix }) {
  return (
    <span
      aria-hidden
      className="pointer-events-none absolute border-2 border-accent"
      style={{
        top: `${(cell.row / matrix.rows) * 100}%`,
        left: `${(cell.column / matrix.columns) * 100}%`,
        width: `${100 / matrix.columns}%`,
        height: `${100 / matrix.rows}%`,
      }}
    />
  );
}

function neighbour(cell: Cell | null, key: string, { rows, columns }: Matrix): Cell | null {
  const { row, column } = cell ?? { row: 0, column: -1 };
  const to = (r: number, c: number) => ({
    row: Math.max(0, Math.min(rows - 1, r)),
    column: Math.max(0, Math.min(columns - 1, c)),
  });
  if (key === "ArrowRight") return to(row, column + 1);
  if (key === "ArrowLeft") return to(row, column - 1);
  if (key === "ArrowDown") return to(row + 1, column);
  if (key === "ArrowUp") return to(row - 1, column);
  if (key === "Home") return to(row, 0);
  return key === "End" ? to(row, columns - 1) : null;
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
  /** Dots for each pixel. */
  readonly ratio: number;
  readonly format: (value: number) => string;
}

function paint(canvas: HTMLCanvasElement, picture: Picture) {
  const { matrix, max, theme, size, ratio } = picture;
  const context = canvas.getContext("2d");
  if (!context) return;
  canvas.width = Math.round(size.width * ratio);
  canvas.height = Math.round(size.height * ratio);
  context.imageSmoothingEnabled = false;
  context.drawImage(cellsOf(matrix, max, theme), 0, 0, canvas.width, canvas.height);
  const cell = { width: size.width / matrix.columns, height: size.height / matrix.rows };
  if (cell.width < NUMBER_CELL.width || cell.height < NUMBER_CELL.height) return;
  context.scale(ratio, ratio);
  writeNumbers(context, picture, cell);
}

/** One pixel a cell; what does not exist stays clear. */
function cellsOf({ rows, columns, values }: Matrix, max: number, theme: Theme): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const image = new ImageData(columns, rows);
  const ramp = RAMPS[theme];
  values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    const colour = ramp[Math.round(Math.max(0, Math.min(1, value / max)) * (ramp.length - 1))];
    image.data.set([...(colour ?? []), 255], i * 4);
  });
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

function writeNumbers(context: CanvasRenderingContext2D, picture: Picture, cell: Size) {
  const { matrix, max, theme, format } = picture;
  const family = getComputedStyle(document.documentElement).getPropertyValue("--font-geist-mono");
  context.font = `12px ${family || "monospace"}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  matrix.values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    context.fillStyle = inkOn(rampColour(theme, value / max));
    const x = ((i % matrix.columns) + 0.5) * cell.width;
    const y = (Math.floor(i / matrix.columns) + 0.5) * cell.height;
    context.fillText(format(value), x, y + 0.5);
  });
}
