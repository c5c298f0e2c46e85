"use client";

import { useCallback, useState } from "react";
import { useStore } from "zustand";
import { TileControls } from "@/components/tiles/tile-controls";
import { TileLegend } from "@/components/tiles/tile-legend";
import { TilePicture } from "@/components/tiles/tile-picture";
import type { Tensor } from "@/lib/run/frames";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { formatMeasure, formatPercent } from "@/lib/text/numbers";
import type { TileCell } from "@/lib/tiles/layout";
import { type Shaded, type Shading, sizesOf } from "@/lib/tiles/shade";
import { enlargedTile, tileView } from "@/lib/tiles/view";
import type { PanelProps } from "./panel";

export default function LayerTiles({ frame, run, step }: PanelProps) {
  const words = text.panels.tiles;
  const shading = useStore(tileView);
  const [cell, setCell] = useState<TileCell | null>(null);
  const only = useStore(enlargedTile);
  const [shaded, setShaded] = useState<Shaded>({ cells: 0, clipped: 0 });
  const keepShaded = useCallback(
    (next: Shaded) => setShaded((last) => (same(last, next) ? last : next)),
    [],
  );
  const tiles = frame?.tiles;
  if (frame && !tiles) {
    return (
      <p className="pt-4 text-quiet text-small">{text.panels.deeper.notCaptured(words.title)}</p>
    );
  }
  const sizes = tiles ? sizesOf(tiles.values, tiles.shape[0] ?? 0) : new Float32Array();
  const absent = Array.from(sizes.keys()).filter((layer) => Number.isNaN(sizes[layer]));
  const before = run.frames[step - 1]?.tiles;
  const shownOnly = only !== null && only < (tiles?.shape[0] ?? 0) ? only : null;
  const shownCell = tiles && cell && holds(tiles, cell) ? cell : null;
  return (
    <div className="@container flex h-full min-h-0 flex-col">
      <TileControls shading={shading} onChange={(change) => tileView.setState(change)} />
      <div className="min-h-0 flex-1">
        <TilePicture
          tiles={tiles}
          before={before}
          shading={shading}
          label={labelOf(tiles, sizes)}
          absent={absent}
          breathing={!tiles && isBusy(run)}
          cell={shownCell}
          only={shownOnly}
          onCell={setCell}
          onOnly={enlargeTile}
          onShaded={keepShaded}
          sayCell={(at) => (tiles ? sayCell(run, tiles, before, at) : "")}
        />
      </div>
      <div className="mt-2">
        <TileLegend shading={shading} />
      </div>
      <p className="flex h-5 items-end justify-between gap-3 text-quiet text-xs tabular-nums">
        <span className="truncate">
          {tiles &&
            (shownCell
              ? sayCell(run, tiles, before, shownCell)
              : `${drawnOf(run)}. ${hintOf(shading, before, shownOnly)}`)}
        </span>
        {!shownCell && shaded.clipped > 0 && tiles && (
          <span className="shrink-0 text-micro">
            {words.clipped(formatPercent(shaded.clipped / shaded.cells))}
          </span>
        )}
      </p>
    </div>
  );
}

const enlargeTile = (layer: number | null) => enlargedTile.setState(layer);

const same = (a: Shaded, b: Shaded) => a.cells === b.cells && a.clipped === b.clipped;

const holds = ({ shape }: Tensor, { layer, row, column }: TileCell) =>
  layer < (shape[0] ?? 0) && row < (shape[1] ?? 0) && column < (shape[2] ?? 0);

/** The tensor that is drawn and how it was projected. */
function drawnOf({ start }: RunRecord): string {
  const { signals, drawn } = text.panels.tiles;
  const { signal = "", projection = "" } = (start?.settings.tile ?? {}) as Partial<TileSetting>;
  return drawn(signals[signal] ?? signal, text.form.choices[projection] ?? projection);
}

type TileSetting = Record<"signal" | "projection", string>;

function hintOf(shading: Shading, before: Tensor | undefined, only: number | null): string {
  const words = text.panels.tiles;
  const change = shading.map === "hue" ? shading.hue === "change" : shading.draws === "change";
  if (change && !before) return words.noBefore;
  return only === null ? words.choose : `${words.layer(only)}. ${words.chooseOne}`;
}

/** Which picture it is, its largest layer, and the keys that walk it. */
function labelOf(tiles: Tensor | undefined, sizes: Float32Array): string {
  const words = text.panels.tiles;
  const [layers = 0, rows = 0, columns = 0] = tiles?.shape ?? [];
  if (!tiles) return words.howToRead;
  const most = sizes.reduce((best, size, at) => (size > (sizes[best] || 0) ? at : best), 0);
  const strongest = words.strongest(most, formatMeasure(sizes[most]));
  return `${words.picture(layers, rows, columns)} ${strongest} ${words.keys}`;
}

function sayCell(run: RunRecord, tiles: Tensor, before: Tensor | undefined, at: TileCell): string {
  const words = text.panels.tiles;
  const [, rows = 1, columns = 1] = tiles.shape;
  const place = at.row * columns + at.column;
  const index = at.layer * rows * columns + place;
  const { projection } = (run.start?.settings.tile ?? {}) as Partial<TileSetting>;
  const name = words.cells[projection ?? "random"] ?? "";
  const where = words.cell(at.layer, name, place, at.row, at.column);
  const value = tiles.values[index] ?? Number.NaN;
  if (Number.isNaN(value)) return `${where}: ${words.absent}`;
  const last = before ? `, ${words.before(formatMeasure(before.values[index]))}` : "";
  return `${where}: ${formatMeasure(value)}${last}`;
}
