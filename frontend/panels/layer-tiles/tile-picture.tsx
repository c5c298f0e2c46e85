"use client";

import { type KeyboardEvent, type PointerEvent, useMemo, useState } from "react";
import { useElementSize } from "@/components/hooks/use-element-size";
import type { Tensor } from "@/lib/contract/frames";
import { usePixelRatio } from "@/lib/export/pixel-ratio";
import { useShownTheme } from "@/lib/theme/use-theme";
import { cellAfter, cellAt, layoutTiles, type TileCell } from "./layout";
import { type Shaded, type Shading, shadeTable } from "./shade";
import { CellOutline, TileCanvas, TileFrames } from "./tile-canvas";

/** Rows and columns of the tiles that are shown before the first token. */
const EMPTY_SIZE = [16, 16] as const;

interface TilePictureProps {
  tiles: Tensor | undefined;
  /** Number of tiles that are shown before the first token. */
  layers: number;
  before: Tensor | undefined;
  shading: Shading;
  label: string;
  breathing: boolean;
  /** The layers without this vector. */
  absent: readonly number[];
  cell: TileCell | null;
  /** The enlarged layer; null for none. */
  only: number | null;
  onCell: (cell: TileCell | null) => void;
  onOnly: (layer: number | null) => void;
  onShaded: (shaded: Shaded) => void;
  /** Returns the announcement when the keyboard moves to a cell. */
  sayCell: (cell: TileCell) => string;
}

/** Shows the tiles as large as the panel allows; cells are chosen by pointer or keyboard. */
export function TilePicture(props: TilePictureProps) {
  const { tiles, shading, cell, only, onCell, onOnly } = props;
  const [frame, size] = useElementSize<HTMLDivElement>();
  const [said, setSaid] = useState("");
  const theme = useShownTheme();
  const table = useMemo(() => shadeTable(shading, theme), [shading, theme]);
  const ratio = usePixelRatio();
  const [count = 0, rows = 1, columns = 1] = tiles?.shape ?? [props.layers, ...EMPTY_SIZE];
  const grid = useMemo(() => {
    const layers = only === null ? Array.from({ length: count }, (_, i) => i) : [only];
    const cells = { rows, columns };
    return { layers, cells, layout: layoutTiles({ ...size, count: layers.length, cells, ratio }) };
  }, [only, count, rows, columns, size, ratio]);

  const pointed = (event: { clientX: number; clientY: number; currentTarget: Element }) => {
    const box = event.currentTarget.getBoundingClientRect();
    return cellAt(grid, event.clientX - box.left, event.clientY - box.top);
  };
  const enlarge = (at: TileCell | null) => at && onOnly(only === null ? at.layer : null);
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter") return enlarge(cell);
    const next = cellAfter(grid, cell, event.key);
    if (!next) return;
    event.preventDefault();
    onCell(next);
    setSaid(props.sayCell(next));
  };

  const interactive = tiles && {
    tabIndex: 0,
    onPointerMove: (event: PointerEvent) => onCell(pointed(event)),
    onPointerLeave: () => onCell(null),
    onClick: (event: React.MouseEvent) => enlarge(pointed(event)),
    onKeyDown: press,
  };
  return (
    <div
      ref={frame}
      role="group"
      aria-label={props.label}
      className={`relative size-full touch-pan-y ${tiles ? (only === null ? "cursor-zoom-in" : "cursor-zoom-out") : ""} ${props.breathing ? "breathing" : ""}`}
      {...interactive}
    >
      {size.width > 0 && (
        <>
          <TileFrames
            layers={grid.layers}
            layout={grid.layout}
            empty={!tiles}
            absent={props.absent.join()}
          />
          {tiles && (
            <TileCanvas
              tiles={tiles}
              before={props.before}
              grid={grid}
              size={size}
              shading={shading}
              table={table}
              ratio={ratio}
              onShaded={props.onShaded}
            />
          )}
          {tiles && cell && <CellOutline cell={cell} grid={grid} />}
        </>
      )}
      <span aria-live="polite" className="sr-only">
        {said}
      </span>
    </div>
  );
}
