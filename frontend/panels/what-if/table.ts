import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { controlsOf, predictionOf } from "./prediction";
import { sampledWith } from "./sampler";
import { triedControls } from "./tried";
import { words } from "./words";

/** One row per candidate, likeliest first, with the bounds of its probability. */
export function whatIfTable(run: RunRecord, step: number): PanelTable {
  const [prediction, controls] = [predictionOf(run, step), controlsOf(run)];
  if (!prediction || !controls) return { columns: words.columns, rows: [] };
  const { rows } = sampledWith(prediction, { ...controls, ...triedControls.getState() });
  return {
    columns: words.columns,
    rows: prediction.candidates.map((candidate, place) => {
      const { prob, cutBy, decided } = rows[place] ?? {};
      return [
        place,
        candidate.id,
        candidate.text,
        candidate.logit,
        candidate.sampled_prob,
        prob?.low ?? null,
        prob?.high ?? null,
        cutBy ?? null,
        decided ? 1 : 0,
      ];
    }),
  };
}
