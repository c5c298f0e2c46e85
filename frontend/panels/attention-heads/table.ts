import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { axesOf, numbersOf } from "@/panels/attention-shared/pattern";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { tableNumber } from "../table-number";
import { words } from "./words";

/** One row per head and per mean of a layer, one column per attended token. */
export function headsTable(run: RunRecord, step: number): PanelTable {
  const shares = run.frames[step]?.attentionRows;
  if (!shares) return { columns: words.columns, rows: [] };
  const { layers, heads } = axesOf(shares);
  const keys = shares.shape[2] ?? 0;
  const names = Array.from({ length: keys }, (_, place) => nameOf(run, place));
  const rows = Array.from({ length: layers * (heads + 1) }, (_, i) => {
    const layer = Math.floor(i / (heads + 1));
    const head = i % (heads + 1);
    const row = numbersOf(shares, { layer, head: head === heads ? null : head });
    return [layer, head === heads ? words.mean : head, ...Array.from(row, tableNumber)];
  });
  return { columns: [...words.columns, ...names], rows };
}

const nameOf = (run: RunRecord, place: number) => `${place}: ${tokenAt(run, place)?.label ?? ""}`;
