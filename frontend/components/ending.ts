import type { DoneFrame } from "@/lib/run/frames";
import { isContextFull, type RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";

/** Why a run ended. A full context ends it as its limit does, but cannot be gone beyond. */
export function endingOf(run: RunRecord, { reason }: DoneFrame): string {
  const words = text.status;
  return reason === "length" && isContextFull(run) ? words.contextFull : words.reasons[reason];
}
