"use client";

import { useCallback, useState } from "react";
import { useStore } from "zustand";
import type { Tensor } from "@/lib/contract/frames";
import { formatMeasure, formatPercent } from "@/lib/i18n/numbers";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { words as settingsWords } from "@/lib/settings/words";
import { useModelShape } from "@/panels/model-context";
import { words as panelsWords } from "@/panels/words";
import type { PanelProps } from "../panel";
import { enlargedTile, tileView } from "./display-options";
import type { TileCell } from "./layout";
import { type Shaded, type Shading, sizesOf } from "./shade";
import { TileControls } from "./tile-controls";
import { TileLegend } from "./tile-legend";
import { TilePicture } from "./tile-picture";
import { words as layerTilesWords } from "./words";

export { tilesTable as table } from "./table";

export default function LayerTiles({ frame, run, step }: PanelProps) {
  const words = layerTilesWords;
  const shading = useStore(tileView);
  const [cell, setCell] = useState<TileCell | null>(null);
  const only = useStore(enlargedTile);
  const [shaded, setShaded] = useState<Shaded>({ cells: 0, clipped: 0 });
  const keepShaded = useCallback(
    (next: Shaded) => setShaded((last) => (same(last, next) ? last : next)),
    [],
  );
  const { layers } = useModelShape(run);
  const tiles = frame?.tiles;
  if (frame && !tiles) {
    return <p className="pt-4 text-quiet text-small">{panelsWords.notCaptured(words.title)}</p>;
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
          layers={layers}
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
          {tiles && (shownCell ? sayCell(run, tiles, before, shownCell) : `${drawnOf(run)}.`)}
          {tiles && !shownCell && (
            <span data-export="skip"> {hintOf(shading, before, shownOnly)}</span>
          )}
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

/** Names the drawn tensor and its projection. */
function drawnOf({ start }: RunRecord): string {
  const { signals, drawn } = layerTilesWords;
  const { signal = "", projection = "" } = (start?.settings.tile ?? {}) as Partial<TileSetting>;
  return drawn(signals[signal] ?? signal, settingsWords.choices[projection] ?? projection);
}

type TileSetting = Record<"signal" | "projection", string>;

function hintOf(shading: Shading, before: Tensor | undefined, only: number | null): string {
  const words = layerTilesWords;
  const change = shading.map === "hue" ? shading.hue === "change" : shading.draws === "change";
  if (change && !before) return words.noBefore;
  return only === null ? words.choose : `${words.layer(only)}. ${words.chooseOne}`;
}

/** Describes the picture, its largest layer, and the keys that move in it. */
function labelOf(tiles: Tensor | undefined, sizes: Float32Array): string {
  const words = layerTilesWords;
  const [layers = 0, rows = 0, columns = 0] = tiles?.shape ?? [];
  if (!tiles) return words.howToRead;
  const most = sizes.reduce((best, size, at) => (size > (sizes[best] || 0) ? at : best), 0);
  const strongest = words.strongest(most, formatMeasure(sizes[most]));
  return `${words.picture(layers, rows, columns)} ${strongest} ${words.keys}`;
}

function sayCell(run: RunRecord, tiles: Tensor, before: Tensor | undefined, at: TileCell): string {
  const words = layerTilesWords;
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
