/**
 * Two runs in lockstep, and the divergence of each token: what `mav_engine/compare/` does on a
 * server, with the same events.
 */
import type { CompareRequest, FinishReason, RunRequest } from "@/lib/contract";
import { InvalidSettings } from "../errors";
import { errorEvent, type LocalEngine } from "../run";
import type {
  SentCommon,
  SentCompareEvent,
  SentDivergence,
  SentError,
  SentEvent,
} from "../sent-events";
import { randomSeed } from "../settings";
import { divergenceAt, stateOf, type TokenState } from "./divergence";

export const SIDES = ["a", "b"] as const;
export type SideName = (typeof SIDES)[number];

/**
 * Yields the events of both runs, with a divergence for each token that both have. The last is
 * `compared`, or the error of a run.
 *
 * @param engineB must be another than `engineA`; of the same model, `engineA.second`
 */
export function* compare(
  { a: ofA, b: ofB, mode = "own" }: CompareRequest,
  engineA: LocalEngine,
  engineB: LocalEngine,
): Generator<SentCompareEvent, void> {
  const isForced = mode === "forced";
  if (isForced && ofB.forced_ids?.length) {
    const detail =
      "b.forced_ids was given, but in the mode forced b is forced to a's text; leave it away, or " +
      "use the mode own.";
    yield errorEvent(new InvalidSettings(detail, "b.forced_ids"));
    return;
  }
  const seed = ofA.seed ?? ofB.seed ?? randomSeed();
  const a = new Run("a", { ...ofA, seed }, engineA);
  const b = new Run("b", { ...ofB, seed: ofB.seed ?? seed }, engineB, isForced ? a : null);
  const runs = [a, b];
  const starts = runs.map((run) => run.next());
  const refused = a.failure ?? b.failure;
  if (refused) {
    yield refused;
    return;
  }
  const klAbsent = predictionsAbsent(engineA, engineB);
  if (isForced && klAbsent) {
    const detail = `b cannot be forced to a's text: ${klAbsent} Use the mode own.`;
    yield errorEvent(new InvalidSettings(detail, "mode"));
    return;
  }
  yield* starts;
  const common: SentCommon = {
    type: "common",
    mode,
    kl_absent: klAbsent,
    layers_absent: layersAbsent(a, b),
  };
  const divergences: SentDivergence[] = [];
  let parted: number | null = null;
  for (let index = 0; !(a.hasEnded && b.hasEnded); index++) {
    // A run that follows the other must know whether another token comes.
    yield* a.until(index + (isForced ? 2 : 1));
    if (!a.failure) yield* b.until(index + 1);
    const failure = a.failure ?? b.failure;
    if (failure) {
      yield failure;
      return;
    }
    const [one, other] = [a.states.shift(), b.states.shift()];
    if (!one || !other) continue;
    if (index === 0) yield common;
    const divergence = divergenceAt(index, parted === null, one, other, common);
    divergences.push(divergence);
    if (one.tokenId !== other.tokenId) parted ??= index;
    yield divergence;
  }
  const same = divergences.filter(({ same_text }) => same_text);
  const kls = same.map(({ kl }) => kl).filter((kl) => kl !== null);
  const tops = same.map(({ same_top }) => same_top).filter((top) => top !== null);
  yield {
    type: "compared",
    steps: divergences.length,
    mean_kl: mean(kls),
    max_kl: kls.length > 0 ? Math.max(...kls) : null,
    same_top: mean(tops.map(Number)),
    parted_at: parted,
  };
}

/** One of the two runs. */
class Run {
  readonly ids: number[] = [];
  /** Tokens that are not compared yet. */
  readonly states: TokenState[] = [];
  hasEnded = false;
  failure: SentError | null = null;
  #reason: FinishReason | null = null;
  /** The probes that measure. */
  capture: readonly string[] = [];
  readonly #events: Generator<SentEvent, void>;

  /** @param followed the run whose tokens this one is forced to write */
  constructor(
    readonly side: SideName,
    readonly request: RunRequest,
    readonly engine: LocalEngine,
    followed: Run | null = null,
  ) {
    this.#events = engine.run(request, {
      forced: followed && { at: (index) => followed.ids[index] ?? null },
      add: (tokenId, prediction, step) => {
        this.ids.push(tokenId);
        this.states.push(stateOf(tokenId, prediction, step));
        const isLast = followed?.hasEnded && followed.ids.length <= this.ids.length;
        return isLast ? (followed.#reason ?? "cancelled") : null;
      },
    });
  }

  /** The next event; the last one is an error or `done`. */
  next(): SentCompareEvent {
    const event = this.#events.next().value as SentEvent;
    this.hasEnded = event.type === "done" || event.type === "error";
    if (event.type === "start") this.capture = event.settings.capture ?? [];
    if (event.type === "done") this.#reason = event.reason;
    if (event.type === "error") this.failure = errorOfSide(event, this.side);
    return { type: "side", side: this.side, event };
  }

  /** Yields events until the run has `count` tokens or has ended. */
  *until(count: number): Generator<SentCompareEvent, void> {
    while (!this.hasEnded && this.ids.length < count) yield this.next();
  }
}

/** The error of a comparison, from that of one side. */
export const errorOfSide = (error: SentError, side: SideName): SentError => ({
  ...error,
  detail: `Run ${side}: ${error.detail}`,
  field: error.field === null ? side : `${side}.${error.field}`,
});

const mean = (values: readonly number[]): number | null =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;

function predictionsAbsent(a: LocalEngine, b: LocalEngine): string | null {
  const [one, other] = [a.info, b.info];
  if (one.vocabulary !== other.vocabulary) {
    return `${one.name} has ${one.vocabulary} tokens and ${other.name} ${other.vocabulary}, so their predictions cannot be compared.`;
  }
  return a.vocabulary.equals(b.vocabulary)
    ? null
    : `${one.name} and ${other.name} have different tokens, so their predictions cannot be compared.`;
}

/** The probes that need the residual stream. */
const OF_RESID = ["residual", "logit_lens", "tiles"];

function layersAbsent(a: Run, b: Run): string | null {
  const without = [a, b].find(({ capture }) => !capture.some((name) => OF_RESID.includes(name)));
  if (without) {
    return `${without.side} does not capture the residual stream: add residual to its capture.`;
  }
  const sizes = [a, b].map(
    ({ engine: { info } }) => `${info.layers} layers of ${info.d_model} numbers`,
  );
  return sizes[0] === sizes[1]
    ? null
    : `The models have ${sizes.join(" and ")}, so their residual streams cannot be compared.`;
}
