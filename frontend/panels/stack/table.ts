import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { factsOf, sourcesOf } from "./facts";
import { words } from "./words";

/** One row per layer: sizes, the lens, and the strongest source of attention. */
export function stackTable(run: RunRecord, step: number): PanelTable {
  const frame = run.frames[step];
  const count = layerCount(run);
  const rows = Array.from({ length: frame ? count : 0 }, (_, layer) => {
    const band = { first: layer, last: layer };
    const facts = frame && factsOf(frame, band);
    const sources = frame && sourcesOf(frame, band);
    const [most] = sources?.others ?? [];
    return [
      layer,
      finite(facts?.before),
      finite(facts?.attn),
      finite(facts?.mlp),
      facts?.lens?.label ?? null,
      facts?.lens?.prob ?? null,
      facts?.lens?.rank ?? null,
      finite(sources?.first),
      most?.position ?? null,
      most ? (tokenAt(run, most.position)?.label ?? null) : null,
      most?.share ?? null,
    ];
  });
  return { columns: words.columns, rows };
}

/** Returns the number of layers of the run's model. */
export const layerCount = ({ start, frames }: RunRecord): number =>
  start?.model.layers ?? frames[0]?.logitLens?.length ?? 0;

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
