import type { DoneFrame } from "@/lib/contract/frames";
import { isContextFull, type RunRecord } from "./run-record";
import { words } from "./words";

/**
 * Returns why a run ended. A full context has the reason `length` like the token limit, but cannot
 * be continued.
 */
export function endingOf(run: RunRecord, { reason }: DoneFrame): string {
  return reason === "length" && isContextFull(run) ? words.contextFull : words.reasons[reason];
}
