import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { tableNumber } from "../table-number";
import { words } from "./words";

/** One row per cell of each layer. */
export function tilesTable(run: RunRecord, step: number): PanelTable {
  const { shape = [], values = new Float32Array() } = run.frames[step]?.tiles ?? {};
  const [, height = 1, width = 1] = shape;
  const rows = Array.from(values, (value, i) => [
    Math.floor(i / (height * width)),
    Math.floor(i / width) % height,
    i % width,
    tableNumber(value),
  ]);
  return { columns: words.columns, rows };
}
