import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { attentionChoice } from "@/panels/attention-shared/choice";
import { fitting, mapOf } from "@/panels/attention-shared/pattern";
import { snapshotAt, snapshotsOf, tokenAt } from "@/panels/attention-shared/run-tokens";
import { tableNumber } from "../table-number";
import { words } from "./words";

/** One row per query token, one column per key token; null for later keys. */
export function mapTable(run: RunRecord, step: number): PanelTable {
  const map = snapshotAt(snapshotsOf(run), step)?.map;
  if (!map) return { columns: words.columns, rows: [] };
  const { rows, columns, values } = mapOf(map, fitting(attentionChoice.getState().reading, map));
  const label = (place: number) => tokenAt(run, place)?.label ?? "";
  return {
    columns: [...words.columns, ...Array.from({ length: columns }, (_, k) => `${k}: ${label(k)}`)],
    rows: Array.from({ length: rows }, (_, query) => [
      query,
      label(query),
      ...Array.from({ length: columns }, (_, key) =>
        key > query ? null : tableNumber(values[query * columns + key]),
      ),
    ]),
  };
}
