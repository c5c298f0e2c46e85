import { attentionChoice } from "@/lib/attention/choice";
import { fitting, numbersOf } from "@/lib/attention/pattern";
import { tokenAt } from "@/lib/attention/run-tokens";
import type { RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { lazyPanel } from "./lazy-panel";
import { type PanelTable, worded } from "./panel";

/** A row for each token that was looked at. */
function table(run: RunRecord, step: number): PanelTable {
  const shares = run.frames[step]?.attentionRows;
  const { columns } = text.panels.attentionText;
  if (!shares) return { columns, rows: [] };
  const row = numbersOf(shares, fitting(attentionChoice.getState().reading, shares));
  return {
    columns,
    rows: Array.from(row, (share, place) => [
      place,
      tokenAt(run, place)?.label ?? null,
      Number.isNaN(share) ? null : share,
    ]),
  };
}

export const attentionTextPanel = worded(text.panels.attentionText, {
  id: "attention-text",
  unit: () => text.panels.attentionText.unit,
  captures: ["attention_rows"],
  table,
  columns: 2,
  Component: lazyPanel(() => import("./attention-text-view")),
});
