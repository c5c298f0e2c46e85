import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { waterfallOf } from "./waterfall";
import { words } from "./words";

/** One row per candidate, one column for the model and for each active control. */
export function stagesTable(run: RunRecord, step: number): PanelTable {
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
