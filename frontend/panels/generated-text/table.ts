import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { tableNumber } from "../table-number";
import { words } from "./words";

/** One row per token of the prompt and of the generated text. */
export function textTable(run: RunRecord): PanelTable {
  const prompt = (run.prompt?.tokens ?? []).map((token, place) => {
    const prob = token.logprob === null ? null : Math.exp(token.logprob);
    return [place, "prompt", token.id, token.text, prob, token.logprob, null, token.entropy];
  });
  const generated = run.frames.map((frame) => [
    prompt.length + frame.index,
    frame.forced ? "forced" : "generated",
    frame.id,
    frame.label,
    frame.prob,
    tableNumber(frame.logprob),
    frame.rank,
    frame.entropy,
  ]);
  return { columns: words.columns, rows: [...prompt, ...generated] };
}
