import { readFileSync } from "node:fs";
import type { RunEvent } from "./frames";
import { parseEvent } from "./parse-event";

const linesOf = (name: string): readonly string[] =>
  readFileSync(`../tests/recordings/${name}.jsonl`, "utf8").trim().split("\n");

const eventsOf = (name: string): readonly RunEvent[] => linesOf(name).map(parseEvent);

/** A short run of the embedded model, as written by the engine: one event per line. */
export const RECORDED_LINES: readonly string[] = linesOf("mav-tiny");

export const RECORDED: readonly RunEvent[] = RECORDED_LINES.map(parseEvent);

/** A run of eight tokens that also captured the logit lens and tiles of 4 by 4. */
export const DEEP: readonly RunEvent[] = eventsOf("mav-tiny-deep");

/** A run with what the stack captures: sizes, sources of attention, lens, and prompt columns. */
export const STACK: readonly RunEvent[] = eventsOf("mav-tiny-stack");

/**
 * A run that captured attention rows, attention maps (every third token) and the stages of all
 * sampling controls.
 */
export const WITH_ATTENTION: readonly RunEvent[] = eventsOf("mav-tiny-attention");
