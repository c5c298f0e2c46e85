import type { RunRecord } from "@/lib/run/run-record";
import { waterfallOf } from "@/lib/sampler/waterfall";
import { text } from "@/lib/text";
import { lazyPanel } from "./lazy-panel";
import { type PanelTable, worded } from "./panel";

/** A row for each candidate, a column for the model and for each control that was active. */
function table(run: RunRecord, step: number): PanelTable {
  const words = text.panels.waterfall;
  const frame = run.frames[step];
  if (!frame?.samplerStages) return { columns: words.columns, rows: [] };
  const { stages, flows } = waterfallOf(frame, frame.samplerStages, vocabularyOf(run));
  return {
    columns: [
      ...words.columns,
      ...stages.map(({ control, setting }) => `${control} ${setting}`),
      words.cutBy,
    ],
    rows: flows.map(({ label, id, probs, cutAt }) => [
      label,
      id,
      ...probs,
      stages[cutAt - 1]?.control ?? null,
    ]),
  };
}

const vocabularyOf = ({ start }: RunRecord) => start?.rankBinEdges.at(-1) ?? 0;

export const samplerWaterfallPanel = worded(text.panels.waterfall, {
  id: "sampler-waterfall",
  unit: () => text.panels.waterfall.unit,
  captures: ["sampler_stages"],
  table,
  columns: 2,
  rows: 2,
  Component: lazyPanel(() => import("./sampler-waterfall-view")),
});
