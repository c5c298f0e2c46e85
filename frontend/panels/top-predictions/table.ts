import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { words } from "./words";

/** One row per candidate, most likely first. */
export function predictionsTable(run: RunRecord, step: number): PanelTable {
  const frame = run.frames[step];
  const rows = (frame?.top ?? []).map((candidate, rank) => [
    rank,
    candidate.id,
    candidate.text,
    candidate.logit,
    candidate.prob,
    candidate.sampled_prob,
    candidate.cut_by ?? null,
    candidate.id === frame?.id ? 1 : 0,
  ]);
  return { columns: words.columns, rows };
}
