import type { PanelTable } from "@/lib/export/table";
import { NORM_SERIES, type RunRecord } from "@/lib/run/run-record";
import { tableNumber } from "../table-number";
import { words } from "./words";

/** One row per layer. The residual stream has one more: the output of the last layer. */
export function layersTable(run: RunRecord, step: number): PanelTable {
  const layers = run.frames[step]?.layers ?? {};
  const count = Math.max(0, ...NORM_SERIES.map((series) => layers[series]?.length ?? 0));
  const blocks = layers.mlpNorm?.length ?? layers.attnNorm?.length ?? count - 1;
  return {
    columns: [words.layer, ...NORM_SERIES.map((series) => words.series[series].hookPoint)],
    rows: Array.from({ length: count }, (_, row) => [
      row >= blocks ? words.final : row,
      ...NORM_SERIES.map((series) => tableNumber(layers[series]?.[row])),
    ]),
  };
}
