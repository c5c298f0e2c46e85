import { axesOf, numbersOf } from "@/lib/attention/pattern";
import { tokenAt } from "@/lib/attention/run-tokens";
import type { RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { lazyPanel } from "./lazy-panel";
import { type PanelTable, worded } from "./panel";

/** A row for each head, and for each layer's mean; a column for each token that is looked at. */
function table(run: RunRecord, step: number): PanelTable {
  const words = text.panels.attentionHeads;
  const shares = run.frames[step]?.attentionRows;
  if (!shares) return { columns: words.columns, rows: [] };
  const { layers, heads } = axesOf(shares);
  const keys = shares.shape[2] ?? 0;
  const names = Array.from({ length: keys }, (_, place) => nameOf(run, place));
  const rows = Array.from({ length: layers * (heads + 1) }, (_, i) => {
    const layer = Math.floor(i / (heads + 1));
    const head = i % (heads + 1);
    const row = numbersOf(shares, { layer, head: head === heads ? null : head });
    const told = Array.from(row, (share) => (Number.isNaN(share) ? null : share));
    return [layer, head === heads ? words.mean : head, ...told];
  });
  return { columns: [...words.columns, ...names], rows };
}

const nameOf = (run: RunRecord, place: number) => `${place}: ${tokenAt(run, place)?.label ?? ""}`;

export const attentionHeadsPanel = worded(text.panels.attentionHeads, {
  id: "attention-heads",
  unit: () => text.panels.attentionHeads.unit,
  captures: ["attention_rows"],
  table,
  columns: 2,
  Component: lazyPanel(() => import("./attention-heads-view")),
});
