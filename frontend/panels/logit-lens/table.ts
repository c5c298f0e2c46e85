import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { settledLayer } from "./settled";
import { words } from "./words";

/** One row per layer; `1` in the last column where its token is the final one from there on. */
export function lensTable(run: RunRecord, step: number): PanelTable {
  const rows = run.frames[step]?.logitLens ?? [];
  const settled = settledLayer(rows);
  const yes = (layer: number) => (settled !== null && layer >= settled ? 1 : 0);
  return {
    columns: words.columns,
    rows: rows.map((row, layer) =>
      row
        ? [layer, row.id, row.label, row.prob, row.rank, yes(layer)]
        : [layer, null, null, null, null, null],
    ),
  };
}
