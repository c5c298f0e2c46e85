import { settledLayer } from "@/lib/lens/settled";
import { text } from "@/lib/text";
import { lazyPanel } from "./lazy-panel";
import { worded } from "./panel";

export const logitLensPanel = worded(text.panels.lens, {
  id: "logit-lens",
  unit: () => text.panels.lens.unit,
  captures: ["logit_lens"],
  table: (run, step) => {
    const rows = run.frames[step]?.logitLens ?? [];
    const settled = settledLayer(rows);
    const yes = (layer: number) => (settled !== null && layer >= settled ? 1 : 0);
    return {
      columns: text.panels.lens.columns,
      rows: rows.map((row, layer) =>
        row
          ? [layer, row.id, row.label, row.prob, row.rank, yes(layer)]
          : [layer, null, null, null, null, null],
      ),
    };
  },
  columns: 2,
  Component: lazyPanel(() => import("./logit-lens-view")),
});
