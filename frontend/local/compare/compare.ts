/**
 * Two runs in lockstep, and the divergence of each token: what `mav_engine/compare/` does on a
 * server, with the same events.
 */
import type { CompareRequest, FinishReason, RunRequest } from "@/lib/contract";
import { invalid, SideError } from "../errors";
import type { LocalEngine } from "../run";
import type { SentCommon, SentCompareEvent, SentDivergence, SentEvent } from "../sent-events";
import { randomSeed } from "../settings";
import type { Texts } from "../words.en";
import { divergenceAt, stateOf, type TokenState } from "./divergence";

type SideName = "a" | "b";

/**
 * Yields the events of both runs, with a divergence for each token that both have. The last is
 * `compared`.
 *
 * @param engineB must be another than `engineA`; of the same model, `engineA.second`
 * @param absent texts of what a comparison lacks
 * @throws LocalError, SideError
 */
export function* compare(
  { a: ofA, b: ofB, mode = "own" }: CompareRequest,
  engineA: LocalEngine,
  engineB: LocalEngine,
  { absent }: Pick<Texts, "absent">,
): Generator<SentCompareEvent, void> {
  const isForced = mode === "forced";
  if (isForced && ofB.forced_ids?.length) {
    throw invalid("b.forced_ids", "forcedInForced");
  }
  const seed = ofA.seed ?? ofB.seed ?? randomSeed();
  const a = new Run("a", { ...ofA, seed }, engineA);
  const b = new Run("b", { ...ofB, seed: ofB.seed ?? seed }, engineB, isForced ? a : null);
  const runs = [a, b];
  const starts = runs.map((run) => run.next());
  const klAbsent = predictionsAbsent(engineA, engineB, absent);
  if (isForced && klAbsent) throw invalid("mode", "cannotForce", klAbsent);
  yield* starts;
  const common: SentCommon = {
    type: "common",
    mode,
    kl_absent: klAbsent,
    layers_absent: layersAbsent(a, b, absent),
  };
  const divergences: SentDivergence[] = [];
  let parted: number | null = null;
  for (let index = 0; !(a.hasEnded && b.hasEnded); index++) {
    // A run that follows the other must know whether another token comes.
    yield* a.until(index + (isForced ? 2 : 1));
    yield* b.until(index + 1);
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

  /**
   * The next event; the last one is `done`.
   *
   * @throws SideError
   */
  next(): SentCompareEvent {
    const event = this.#next();
    this.hasEnded = event.type === "done";
    if (event.type === "start") this.capture = event.settings.capture ?? [];
    if (event.type === "done") this.#reason = event.reason;
    return { type: "side", side: this.side, event };
  }

  #next(): SentEvent {
    try {
      return this.#events.next().value as SentEvent;
    } catch (error) {
      throw new SideError(this.side, error);
    }
  }

  /** Yields events until the run has `count` tokens or has ended. */
  *until(count: number): Generator<SentCompareEvent, void> {
    while (!this.hasEnded && this.ids.length < count) yield this.next();
  }
}

const mean = (values: readonly number[]): number | null =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;

function predictionsAbsent(a: LocalEngine, b: LocalEngine, absent: Texts["absent"]): string | null {
  const [one, other] = [a.info, b.info];
  if (one.vocabulary !== other.vocabulary) {
    return absent.sizes(one.name, one.vocabulary, other.name, other.vocabulary);
  }
  return a.vocabulary.equals(b.vocabulary) ? null : absent.tokens(one.name, other.name);
}

/** The probes that need the residual stream. */
const OF_RESID = ["residual", "logit_lens", "tiles"];

function layersAbsent(a: Run, b: Run, absent: Texts["absent"]): string | null {
  const without = [a, b].find(({ capture }) => !capture.some((name) => OF_RESID.includes(name)));
  if (without) return absent.capture(without.side);
  const [one, other] = [a.engine.info, b.engine.info];
  return one.layers === other.layers && one.d_model === other.d_model
    ? null
    : absent.layers(one.layers, one.d_model, other.layers, other.d_model);
}
