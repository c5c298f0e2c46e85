import { type EventLog, logEvent } from "@/lib/recording/event-log";
import { growDomain, type ToldDomain } from "@/lib/scales/told-domain";
import type { DoneFrame, Failure, PromptFrame, RunEvent, StartFrame, TokenFrame } from "./frames";
import { type Kept, keepNewest, NOTHING_KEPT } from "./keep";

/**
 * Where a run stands: nothing asked yet, waiting for the server, waiting in line, its model being
 * made ready, reading the prompt, writing, held by the visitor, ended well, stopped by the visitor,
 * or broken off.
 */
export type Phase =
  | "idle"
  | "connecting"
  | "queued"
  | "loading"
  | "prefill"
  | "running"
  | "paused"
  | "done"
  | "stopped"
  | "failed";

/** The series of `layers` that hold one number a layer. */
export const NORM_SERIES = ["mlpNorm", "attnNorm", "residNorm"] as const;
export type NormSeries = (typeof NORM_SERIES)[number];

/** Least and greatest value of each layer over the run so far. */
export interface Extent {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** All that was received of one run. `frames` is only ever appended to. */
export interface RunRecord {
  readonly phase: Phase;
  readonly queuePosition: number | null;
  readonly start: StartFrame | null;
  readonly prompt: PromptFrame | null;
  readonly frames: readonly TokenFrame[];
  readonly done: DoneFrame | null;
  readonly failure: Failure | null;
  readonly domains: Partial<Record<NormSeries, ToldDomain>>;
  readonly extents: Partial<Record<NormSeries, Extent>>;
  /** The events as they were received, to take away. */
  readonly log: EventLog | null;
  /** The name of the file that it was read from; null for a run of the server. */
  readonly source: string | null;
  /** Steps that its model had been trained for; null where it is of no training. */
  readonly trained: number | null;
  /** Where memory is short, the measurements of the oldest tokens are let go. */
  readonly kept: Kept;
}

export const EMPTY_RUN: RunRecord = {
  phase: "idle",
  queuePosition: null,
  start: null,
  prompt: null,
  frames: [],
  done: null,
  failure: null,
  domains: {},
  extents: {},
  log: null,
  source: null,
  trained: null,
  kept: NOTHING_KEPT,
};

const BUSY: ReadonlySet<Phase> = new Set(["connecting", "queued", "loading", "prefill", "running"]);

/** Whether the run still waits for the server. */
export const isBusy = (run: RunRecord): boolean => BUSY.has(run.phase);

/** Whether the model holds no further token: prompt and text fill its context. */
export function isContextFull({ start, prompt, frames }: RunRecord): boolean {
  const context = start?.model.context;
  if (context == null || !prompt) return false;
  return prompt.tokens.length - prompt.written + frames.length >= context;
}

/** Whether as many tokens were written as the run was asked for. */
export const isAtLimit = ({ start, frames }: RunRecord): boolean =>
  start !== null && frames.length >= start.settings.max_new_tokens;

/** Whether the run ended with something to go on from: before its time, or at its limit. */
export function canContinue(run: RunRecord): boolean {
  if (run.start === null || run.frames.length === 0 || isContextFull(run)) return false;
  if (run.phase === "done") return run.done?.resume != null;
  return run.phase === "failed" || run.phase === "stopped" || run.phase === "paused";
}

/** The record after one more event; the frames array is shared and appended to. */
export function applyEvent(run: RunRecord, event: RunEvent): RunRecord {
  const log = logEvent(run.log, event, run.frames.length);
  return { ...applyBody(run, event), log };
}

function applyBody(run: RunRecord, event: RunEvent): RunRecord {
  switch (event.type) {
    case "start":
      return { ...run, phase: "prefill", start: continuedStart(run.start, event.start) };
    case "queued":
      return {
        ...run,
        phase: event.position === 0 ? "loading" : "queued",
        queuePosition: event.position,
      };
    case "prompt":
      return goneOn({ ...run, phase: "running" }, event.prompt);
    case "token":
      return appendFrame(run, event.frame);
    case "done":
      return { ...run, phase: isStep(event.done) ? "paused" : "done", done: event.done };
    case "error":
      return { ...run, phase: "failed", failure: event.failure };
  }
}

/** A continued run keeps its first start, whose settings it repeats; its limit may have grown. */
function continuedStart(first: StartFrame | null, start: StartFrame): StartFrame {
  if (!first) return start;
  const { max_new_tokens } = start.settings;
  if (max_new_tokens <= first.settings.max_new_tokens) return first;
  return { ...first, settings: { ...first.settings, max_new_tokens } };
}

/** Whether it ended since a single step was asked for, and for no other reason. */
const isStep = ({ reason, hits }: DoneFrame): boolean =>
  reason === "breakpoint" && hits.every(({ condition }) => condition === "after");

/** The record when the prompt has been read, of a new run or one that is gone on with. */
function goneOn(run: RunRecord, prompt: PromptFrame): RunRecord {
  // The prompt of a part holds what was written before, which the frames have already.
  if (!run.prompt || run.frames.length === 0) return { ...run, prompt };
  if (prompt.written === 0) return run;
  return { ...run, frames: cutTo(run.frames, prompt.writtenText.length) };
}

/**
 * The frames, their text no longer than this: a character that was unfinished when the run was
 * held has been told as far as it went, and comes whole with the next token.
 */
function cutTo(frames: readonly TokenFrame[], length: number): readonly TokenFrame[] {
  let excess = frames.reduce((sum, frame) => sum + frame.text.length, -length);
  const cut = frames.slice();
  for (let i = cut.length - 1; i >= 0 && excess > 0; i--) {
    const frame = cut[i] as TokenFrame;
    const kept = Math.max(0, frame.text.length - excess);
    excess -= frame.text.length - kept;
    cut[i] = { ...frame, text: frame.text.slice(0, kept) };
  }
  return cut;
}

function appendFrame(run: RunRecord, frame: TokenFrame): RunRecord {
  // A continued run may be told again what was received before the break.
  if (frame.index < run.frames.length)
    return run.phase === "running" ? run : { ...run, phase: "running" };
  (run.frames as TokenFrame[]).push(frame);
  const domains = { ...run.domains };
  const extents = { ...run.extents };
  for (const series of NORM_SERIES) {
    const values = frame.layers[series];
    if (!values) continue;
    const domain = growDomain(domains[series], values, frame.index);
    if (domain) domains[series] = domain;
    extents[series] = widen(extents[series], values);
  }
  const kept = keepNewest(run.frames as TokenFrame[], run.kept);
  return { ...run, phase: "running", domains, extents, kept };
}

function widen(extent: Extent | undefined, values: Float32Array): Extent {
  if (!extent) return { low: values.slice(), high: values.slice() };
  values.forEach((value, layer) => {
    if (value < (extent.low[layer] ?? 0)) extent.low[layer] = value;
    if (value > (extent.high[layer] ?? 0)) extent.high[layer] = value;
  });
  return extent;
}
