import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { tableNumber } from "../table-number";
import { words } from "./words";

/** One row per layer, one column per head. */
export function attentionTable(run: RunRecord, step: number): PanelTable {
  const matrix = run.frames[step]?.layers.attnEntropy;
  if (!matrix) return { columns: [words.layer], rows: [] };
  const { rows, columns, values } = matrix;
  return {
    columns: [
      words.layer,
      ...Array.from({ length: columns }, (_, head) => `${words.head} ${head}`),
    ],
    rows: Array.from({ length: rows }, (_, layer) => [
      layer,
      ...[...values.slice(layer * columns, (layer + 1) * columns)].map(tableNumber),
    ]),
  };
}
