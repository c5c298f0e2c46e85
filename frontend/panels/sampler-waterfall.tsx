import type { RunRecord } from "@/lib/run/run-record";
import { waterfallOf } from "@/lib/sampler/waterfall";
import { text } from "@/lib/text/en";
import { lazyPanel } from "./lazy-panel";
import type { Panel, PanelTable } from "./panel";

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

export const samplerWaterfallPanel: Panel = {
  id: "sampler-waterfall",
  get title() {
    return text.panels.waterfall.title;
  },
  get unit() {
    return text.panels.waterfall.unit;
  },
  get hookPoint() {
    return text.panels.waterfall.hookPoint;
  },
  get howToRead() {
    return text.panels.waterfall.howToRead;
  },
  get caution() {
    return text.panels.waterfall.caution;
  },
  captures: ["sampler_stages"],
  table,
  columns: 2,
  rows: 2,
  Component: lazyPanel(() => import("./sampler-waterfall-view")),
};
