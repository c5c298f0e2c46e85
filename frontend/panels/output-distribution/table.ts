import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { rankBins } from "./ranks";
import { words } from "./words";

/** One row per bin of ranks: its probability, the mean of its tokens, and the cumulative sum. */
export function distributionTable(run: RunRecord, step: number): PanelTable {
  const masses = run.frames[step]?.distribution.rankBins ?? [];
  const rows = rankBins(masses, run.start?.rankBinEdges ?? []).map(
    ({ first, last, mass, mean, sum }) => [first, last, mass, mean, sum],
  );
  return { columns: words.columns, rows };
}
