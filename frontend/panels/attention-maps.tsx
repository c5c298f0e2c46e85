import { attentionChoice } from "@/lib/attention/choice";
import { fitting, mapOf } from "@/lib/attention/pattern";
import { snapshotAt, snapshotsOf, tokenAt } from "@/lib/attention/run-tokens";
import type { RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { lazyPanel } from "./lazy-panel";
import { type PanelTable, worded } from "./panel";

/** A row for each token that looks, a column for each that is looked at; null ahead of it. */
function table(run: RunRecord, step: number): PanelTable {
  const words = text.panels.attentionMaps;
  const map = snapshotAt(snapshotsOf(run), step)?.map;
  if (!map) return { columns: words.columns, rows: [] };
  const { rows, columns, values } = mapOf(map, fitting(attentionChoice.getState().reading, map));
  const label = (place: number) => tokenAt(run, place)?.label ?? "";
  return {
    columns: [...words.columns, ...Array.from({ length: columns }, (_, k) => `${k}: ${label(k)}`)],
    rows: Array.from({ length: rows }, (_, query) => [
      query,
      label(query),
      ...Array.from({ length: columns }, (_, key) => {
        const share = values[query * columns + key] ?? Number.NaN;
        return key > query || Number.isNaN(share) ? null : share;
      }),
    ]),
  };
}

export const attentionMapsPanel = worded(text.panels.attentionMaps, {
  id: "attention-maps",
  unit: () => text.panels.attentionMaps.unit,
  captures: ["attention_map"],
  table,
  columns: 2,
  rows: 2,
  Component: lazyPanel(() => import("./attention-maps-view")),
});
