import type {
  DoneFrame,
  Failure,
  PromptFrame,
  RunEvent,
  StartFrame,
  TokenFrame,
} from "@/lib/contract/frames";
import { runsInBrowser } from "@/lib/contract/in-browser";
import { growDomain, type StickyDomain } from "@/lib/scales/sticky-domain";
import { type EventLog, logEvent, withLastText } from "./event-log";
import { NOTHING_KEPT, type Retained, retainNewest } from "./memory-budget";

/**
 * The state of a run: not started, waiting for a response, in the server's queue, loading the
 * model, processing the prompt, generating, paused, finished, stopped by the visitor, or failed.
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

/** The fields of `layers` with one norm per layer. */
export const NORM_SERIES = ["mlpNorm", "attnNorm", "residNorm"] as const;
export type NormSeries = (typeof NORM_SERIES)[number];

/** The minimum and maximum of each layer over the run so far. */
export interface Extent {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** Everything that was received of one run. `frames` is append-only. */
export interface RunRecord {
  readonly phase: Phase;
  readonly queuePosition: number | null;
  readonly start: StartFrame | null;
  /** The token limit that was first requested; a continued run has a higher one in `start`. */
  readonly requestedTokens: number | null;
  readonly prompt: PromptFrame | null;
  readonly frames: readonly TokenFrame[];
  readonly done: DoneFrame | null;
  readonly failure: Failure | null;
  readonly domains: Partial<Record<NormSeries, StickyDomain>>;
  readonly extents: Partial<Record<NormSeries, Extent>>;
  /** The received events, from which a recording is saved. */
  readonly log: EventLog | null;
  /** The name of the file it was read from; null for a run of the server. */
  readonly source: string | null;
  /** The training step of its model; null if it is not part of a training. */
  readonly trained: number | null;
  /** Which frames have their measurements. The oldest frames lose theirs to save memory. */
  readonly kept: Retained;
}

export const EMPTY_RUN: RunRecord = {
  phase: "idle",
  queuePosition: null,
  start: null,
  requestedTokens: null,
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

/** Whether the run is in progress. */
export const isBusy = (run: RunRecord): boolean => BUSY.has(run.phase);

/** Number of tokens of the prompt, and position of the first generated token. */
export const promptLength = ({ prompt }: RunRecord): number => prompt?.tokens.length ?? 0;

/** Number of tokens of prompt and text. */
export const contextLength = (run: RunRecord): number => promptLength(run) + run.frames.length;

/** Whether prompt and text fill the model's context. */
export function isContextFull(run: RunRecord): boolean {
  const context = run.start?.model.context;
  return context != null && run.prompt !== null && contextLength(run) >= context;
}

/** Whether the run has generated as many tokens as requested. */
export const isAtLimit = ({ start, frames }: RunRecord): boolean =>
  start !== null && frames.length >= start.settings.max_new_tokens;

/** Whether the run can be continued: it ended early or at its limit. */
export function canContinue(run: RunRecord): boolean {
  if (run.start === null || run.frames.length === 0 || isContextFull(run)) return false;
  if (run.phase === "done") {
    if (run.done?.resume != null) return true;
    // A server gives a token with these ends; a model of the browser continues without one.
    const isUnfinished = run.done?.reason === "length" || run.done?.reason === "breakpoint";
    return isUnfinished && runsInBrowser(run.start.model.name);
  }
  return run.phase === "failed" || run.phase === "stopped" || run.phase === "paused";
}

/** Returns the record with one more event. The frames array is shared and appended to. */
export function applyEvent(run: RunRecord, event: RunEvent): RunRecord {
  const log = logEvent(run.log, event, run.frames.length);
  const next = applyBody(run, event);
  const last = run.frames.length - 1;
  const text = next.frames[last]?.text;
  const isCorrected = text !== undefined && text !== run.frames[last]?.text;
  return { ...next, log: log && isCorrected ? withLastText(log, text) : log };
}

function applyBody(run: RunRecord, event: RunEvent): RunRecord {
  switch (event.type) {
    case "start":
      return {
        ...run,
        // A run whose next part begins by itself stays "running".
        phase: run.phase === "running" ? "running" : "prefill",
        start: continuedStart(run.start, event.start),
        requestedTokens: run.start ? run.requestedTokens : event.start.settings.max_new_tokens,
      };
    case "queued":
      if (run.phase === "running" && event.position === 0) return run;
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

/** A continued run keeps its first start event, with a higher limit if the new one has it. */
function continuedStart(first: StartFrame | null, start: StartFrame): StartFrame {
  if (!first) return start;
  const { max_new_tokens } = start.settings;
  if (max_new_tokens <= first.settings.max_new_tokens) return first;
  return { ...first, settings: { ...first.settings, max_new_tokens } };
}

/** Whether the run stopped only because of a single step. */
const isStep = ({ reason, hits }: DoneFrame): boolean =>
  reason === "breakpoint" && hits.every(({ condition }) => condition === "after");

/** Returns the record after the prompt event of a new or a continued run. */
function goneOn(run: RunRecord, prompt: PromptFrame): RunRecord {
  // When a run continues, the prompt includes the tokens generated before, which are in `frames`
  // already.
  if (!run.prompt || run.frames.length === 0) return { ...run, prompt };
  if (prompt.written === 0) return run;
  return { ...run, frames: cutTo(run.frames, prompt.writtenText.length) };
}

/**
 * Returns the frames with their text cut to this length. When a run is paused in the middle of a
 * character, the last frames hold a part of it; the next token brings the whole character.
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
  // A continued run may send again tokens that were received before the break.
  if (frame.index < run.frames.length)
    return { ...run, phase: "running", frames: corrected(run.frames, frame) };
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
  const kept = retainNewest(run.frames as TokenFrame[], run.kept);
  return { ...run, phase: "running", domains, extents, kept };
}

/**
 * Returns the frames with the text of a token that is sent again. It differs if the run ended with
 * it in the middle of a character.
 */
function corrected(
  frames: readonly TokenFrame[],
  { index, text }: TokenFrame,
): readonly TokenFrame[] {
  const known = frames[index];
  return !known || known.text === text ? frames : frames.with(index, { ...known, text });
}

function widen(extent: Extent | undefined, values: Float32Array): Extent {
  if (!extent) return { low: values.slice(), high: values.slice() };
  values.forEach((value, layer) => {
    if (value < (extent.low[layer] ?? 0)) extent.low[layer] = value;
    if (value > (extent.high[layer] ?? 0)) extent.high[layer] = value;
  });
  return extent;
}
