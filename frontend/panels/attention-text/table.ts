import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { attentionChoice } from "@/panels/attention-shared/choice";
import { fitting, numbersOf } from "@/panels/attention-shared/pattern";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { tableNumber } from "../table-number";
import { words } from "./words";

/** One row per attended token. */
export function attentionTextTable(run: RunRecord, step: number): PanelTable {
  const shares = run.frames[step]?.attentionRows;
  const { columns } = words;
  if (!shares) return { columns, rows: [] };
  const row = numbersOf(shares, fitting(attentionChoice.getState().reading, shares));
  return {
    columns,
    rows: Array.from(row, (share, place) => [
      place,
      tokenAt(run, place)?.label ?? null,
      tableNumber(share),
    ]),
  };
}
