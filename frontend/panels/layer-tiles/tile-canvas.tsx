"use client";

import { memo, useEffect, useRef } from "react";
import type { Tensor } from "@/lib/contract/frames";
import type { TileCell, TileGrid, TileLayout } from "./layout";
import { type Shaded, type Shading, shade } from "./shade";
import { words } from "./words";

interface TileCanvasProps {
  tiles: Tensor;
  /** The tiles of the previous token, for changes. */
  before: Tensor | undefined;
  grid: TileGrid;
  size: { readonly width: number; readonly height: number };
  shading: Shading;
  table: Uint32Array;
  ratio: number;
  onShaded: (shaded: Shaded) => void;
}

/**
 * Draws all tiles on one canvas: first one pixel per cell, then each tile enlarged to its position.
 */
export const TileCanvas = memo(function TileCanvas(props: TileCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const cells = useRef<CellPicture | null>(null);
  const { size, ratio } = props;

  useEffect(() => {
    if (!canvas.current) return;
    canvas.current.width = Math.round(size.width * ratio);
    canvas.current.height = Math.round(size.height * ratio);
  }, [size, ratio]);

  useEffect(() => {
    const { tiles, before, grid, shading, table, onShaded } = props;
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    cells.current = pictureOf(cells.current, tiles);
    const { pixels, image, source } = cells.current;
    onShaded(shade(pixels, tiles.values, before?.values, shading, table));
    source.getContext("2d")?.putImageData(image, 0, 0);
    drawTiles(context, source, grid, ratio);
  });

  return <canvas ref={canvas} aria-hidden className="absolute inset-0 size-full" />;
});

/** A picture with one pixel per cell and the tiles below each other, in the order of the tensor. */
interface CellPicture {
  readonly image: ImageData;
  readonly pixels: Uint32Array;
  readonly source: HTMLCanvasElement;
}

function pictureOf(previous: CellPicture | null, { shape }: Tensor): CellPicture {
  const [layers = 0, rows = 0, columns = 0] = shape;
  const height = layers * rows;
  if (previous?.image.width === columns && previous.image.height === height) return previous;
  const image = new ImageData(columns, height);
  const source = document.createElement("canvas");
  source.width = columns;
  source.height = height;
  return { image, source, pixels: new Uint32Array(image.data.buffer) };
}

function drawTiles(
  context: CanvasRenderingContext2D,
  source: HTMLCanvasElement,
  { layers, cells, layout }: TileGrid,
  ratio: number,
) {
  const { rows, columns } = cells;
  const width = layout.width * ratio;
  const height = layout.height * ratio;
  // Cells smaller than a pixel are averaged; larger ones have sharp edges.
  context.imageSmoothingEnabled = width < columns;
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  layers.forEach((layer, at) => {
    const { left, top } = layout.place(at);
    const place = [left * ratio, top * ratio, width, height] as const;
    context.drawImage(source, 0, layer * rows, columns, rows, ...place);
  });
}

interface TileFramesProps {
  layers: readonly number[];
  layout: TileLayout;
  /** Whether there are no numbers yet. */
  empty?: boolean;
  /** The layers without this vector, joined by commas so that the memoised props stay equal. */
  absent: string;
}

/** Draws a frame and the layer's number around each tile. It renders only when the grid changes. */
export const TileFrames = memo(function TileFrames(props: TileFramesProps) {
  const { layers, layout, empty } = props;
  const absent = new Set(props.absent.split(",").filter(Boolean).map(Number));
  return (
    <div aria-hidden className="pointer-events-none absolute inset-0">
      {layers.map((layer, at) => {
        const { left, top } = layout.place(at);
        return (
          <span
            key={layer}
            className={`absolute outline outline-rule ${empty ? "bg-well" : ""}`}
            style={{ left, top, width: layout.width, height: layout.height }}
          >
            <span className="figures absolute bottom-full left-0 text-micro text-quiet leading-[13px]">
              {layer}
            </span>
            {absent.has(layer) && (
              <span className="flex size-full items-center justify-center overflow-hidden text-micro text-quiet">
                {words.absent}
              </span>
            )}
          </span>
        );
      })}
    </div>
  );
});

export function CellOutline({ cell, grid }: { cell: TileCell; grid: TileGrid }) {
  const { layers, cells, layout } = grid;
  const at = layers.indexOf(cell.layer);
  if (at < 0) return null;
  const { left, top } = layout.place(at);
  const width = layout.width / cells.columns;
  const height = layout.height / cells.rows;
  const grown = Math.max(0, (8 - Math.min(width, height)) / 2);
  return (
    <span
      aria-hidden
      className="pointer-events-none absolute border-2 border-ink shadow-[0_0_0_1px_var(--sheet)]"
      style={{
        left: left + cell.column * width - grown,
        top: top + cell.row * height - grown,
        width: width + 2 * grown,
        height: height + 2 * grown,
      }}
    />
  );
}
