import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { words } from "./words";

/** One row per rank bin, with the cumulative probability. */
export function distributionTable(run: RunRecord, step: number): PanelTable {
  const edges = run.start?.rankBinEdges ?? [];
  let sum = 0;
  const rows = [...(run.frames[step]?.distribution.rankBins ?? [])].map((share, bin) => {
    sum += share;
    const end = edges[bin + 1];
    return [edges[bin] ?? null, end === undefined ? null : end - 1, share, sum];
  });
  return { columns: words.columns, rows };
}
