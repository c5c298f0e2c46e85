import { isPassing, Refused, TimeLimitTooShort } from "@/lib/client/failure";
import type { openRun } from "@/lib/client/run-stream";
import type { FinishReason, RunRequest } from "@/lib/contract";
import type { DoneFrame, PromptFrame, RunEvent, StartFrame } from "@/lib/contract/frames";
import { continuation, type Forced, forcing } from "./continuation";

type Open = typeof openRun;
type DoneEvent = RunEvent & { readonly type: "done" };

/** The part of a run that was received before. */
export interface Received {
  readonly ids: readonly Forced[];
  /** How it ended; null if it is not known. */
  readonly done: DoneFrame | null;
}

/**
 * The ends that another request continues: the server's time limit, and a server that shuts down,
 * for example because a new version is deployed. A run that the visitor stops has no `done` event.
 */
const CONTINUED: ReadonlySet<FinishReason> = new Set(["deadline", "cancelled"]);

/** The pauses before the attempts to continue a run that a time limit ended, in milliseconds. */
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000];
/** If the server asks for a longer pause, the visitor decides when to continue. */
const LONGEST_PAUSE_MS = 30_000;

/**
 * Yields the events of a run. If the server's time limit ends it, or the server shuts down, requests
 * the continuation, as often as needed: only the last `done` event is yielded, with the figures of
 * the whole run. The `start` and `prompt` events of all parts are yielded, and tokens that a part
 * repeats.
 *
 * Throws the errors of `open`, and TimeLimitTooShort if the limit ends a part without a new token.
 * If a continuation fails, the `done` event of the part before is yielded first, with its resume
 * token.
 *
 * @param ifRefused is sent if the server refuses the resume token of the request
 */
export async function* openWholeRun(
  open: Open,
  request: RunRequest,
  received: Received,
  signal: AbortSignal,
  ifRefused?: RunRequest,
): AsyncGenerator<RunEvent, void> {
  const ids = [...received.ids];
  let figures = received.done && figuresOf(received.done, received.done.tokens);
  let start: StartFrame | null = null;
  let held: DoneEvent | null = null;
  let stalledAt = 0;
  let part = attempts(open, request, ifRefused, [], signal);
  for (;;) {
    const before = ids.length;
    let prompt: PromptFrame | null = null;
    let reached = 0;
    let done: DoneEvent | null = null;
    try {
      for await (const event of part) {
        if (event.type === "start") start = event.start;
        if (event.type === "prompt") prompt = event.prompt;
        if (event.type === "token") {
          reached = event.frame.index + 1;
          ids[event.frame.index] = forcing(start, event.frame);
        }
        if (event.type === "done") done = event;
        else yield event;
      }
    } catch (error) {
      if (held) yield held;
      throw error;
    }
    if (!done || !start) return;
    const { reason, resume } = done.done;
    const whole = wholeEnd(done, figures, prompt, ids.length);
    if (!CONTINUED.has(reason) || (resume === null && (reached > 0 || !held))) {
      yield whole;
      return;
    }
    // A part may also only repeat tokens that were received before, if it reaches more of them.
    const isFurther = ids.length > before || reached > stalledAt;
    if (resume === null || !isFurther) {
      yield resume === null && held ? held : whole;
      if (reason !== "deadline") return;
      throw new TimeLimitTooShort();
    }
    stalledAt = ids.length > before ? 0 : reached;
    figures = added(figures, figuresOf(done.done, ids.length - before));
    held = whole;
    part = attempts(open, { resume } as RunRequest, continuation(start, ids), PAUSES_MS, signal);
  }
}

/**
 * Yields the events of a request. Before its first token it is sent again after each pause if the
 * server is busy or cannot be reached, and replaced if the server refuses its resume token.
 */
async function* attempts(
  open: Open,
  request: RunRequest,
  ifRefused: RunRequest | undefined,
  pauses: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<RunEvent, void> {
  let hasBegun = false;
  try {
    for await (const event of open(request, signal)) {
      const refusal = event.type === "error" && !hasBegun ? new Refused(event.failure) : null;
      const isHandled = isResumeRefused(refusal)
        ? ifRefused !== undefined
        : pauses.length > 0 && isPassing(refusal);
      if (refusal && isHandled) throw refusal;
      hasBegun ||= event.type === "token" || event.type === "done";
      yield event;
    }
    return;
  } catch (error) {
    signal.throwIfAborted();
    if (isResumeRefused(error) && ifRefused) {
      yield* attempts(open, ifRefused, undefined, pauses, signal);
      return;
    }
    const wait = Math.max(pauses[0] ?? 0, 1000 * (retryAfterOf(error) ?? 0));
    if (hasBegun || pauses.length === 0 || !isPassing(error) || wait > LONGEST_PAUSE_MS) {
      throw error;
    }
    await pause(wait, signal);
  }
  yield* attempts(open, request, ifRefused, pauses.slice(1), signal);
}

const isResumeRefused = (error: unknown): boolean =>
  error instanceof Refused && error.failure.code === "resume_refused";

const retryAfterOf = (error: unknown) =>
  error instanceof Refused ? error.failure.retryAfterS : undefined;

/** Waits, or throws the signal's abort reason. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

/** The figures of the parts of a run. */
interface Figures {
  readonly elapsedMs: number;
  /** Without the first token of each part, which comes from the prefill. */
  readonly tokens: number;
  /** The time of these tokens. */
  readonly generationMs: number;
}

const figuresOf = ({ elapsedMs, tokens, tokensPerSecond }: DoneFrame, fresh: number): Figures =>
  tokensPerSecond
    ? {
        elapsedMs,
        tokens: Math.max(0, fresh - 1),
        generationMs: (1000 * (tokens - 1)) / tokensPerSecond,
      }
    : { elapsedMs, tokens: 0, generationMs: 0 };

const added = (one: Figures | null, other: Figures): Figures => ({
  elapsedMs: (one?.elapsedMs ?? 0) + other.elapsedMs,
  tokens: (one?.tokens ?? 0) + other.tokens,
  generationMs: (one?.generationMs ?? 0) + other.generationMs,
});

/** Returns the end of a part as the end of the whole run, which has this number of tokens. */
function wholeEnd(
  { line, ...end }: DoneEvent,
  before: Figures | null,
  prompt: PromptFrame | null,
  tokens: number,
): DoneEvent {
  if (!before && !prompt?.written) return line === undefined ? end : { ...end, line };
  const fresh = end.done.tokens;
  const { elapsedMs, ...rate } = added(before, figuresOf(end.done, fresh));
  const tokensPerSecond = rate.generationMs > 0 ? (1000 * rate.tokens) / rate.generationMs : null;
  const done = { ...end.done, tokens, elapsedMs, tokensPerSecond };
  if (line === undefined) return { ...end, done };
  const wire = JSON.parse(line);
  const whole = {
    ...wire,
    text: (prompt?.writtenText ?? "") + wire.text,
    tokens,
    elapsed_ms: elapsedMs,
    tokens_per_second: tokensPerSecond,
  };
  return { ...end, done, line: JSON.stringify(whole) };
}
