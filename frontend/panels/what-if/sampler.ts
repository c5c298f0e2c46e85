import type { Candidate } from "@/lib/contract";
import {
  exactly,
  mayReach,
  NOTHING,
  type Range,
  relativeTo,
  sizeOf,
  type TailBin,
  tailOf,
  weightOf,
  withTies,
} from "./tail";

/** The sampling controls that can be tried, by the names of their settings. */
export const TRIED = ["temperature", "top_k", "top_p", "min_p"] as const;
export type Controls = Readonly<Record<(typeof TRIED)[number], number>>;

/** What an event says of a prediction, and what the run's other controls do to it. */
export interface Prediction {
  /** The likeliest tokens, best first, with their raw logits. */
  readonly candidates: readonly Candidate[];
  /** The probability of each bin of ranks, and the first rank of each and the vocabulary's size. */
  readonly masses: ArrayLike<number>;
  readonly edges: readonly number[];
  /** The ids of all tokens before, to which the repetition penalty applies. */
  readonly context: ReadonlySet<number>;
  readonly penalty: number;
  /** Whether the run may have removed tokens beyond the list: n-grams, white space, end of text. */
  readonly banned: boolean;
  /** Whether logits are so coarse that many are equal, as in bfloat16. */
  readonly coarse: boolean;
}

/** A candidate after the controls. */
export interface Tried {
  /** Bounds of its probability. */
  readonly prob: Range;
  /** The control that removes it or may remove it; null if it stays. */
  readonly cutBy: string | null;
  /** Whether it is known that it stays or is removed. */
  readonly decided: boolean;
}

export interface Outcome {
  readonly rows: readonly Tried[];
  /** Bounds of the probability of all tokens beyond the list. */
  readonly rest: Range;
}

/** Controls that depend on the text; what they remove stays removed. */
const BEFORE: ReadonlySet<string> = new Set([
  "no_repeat_ngram",
  "min_new_tokens",
  "block_eos",
  "block_ws",
]);
/** exp() of anything lower is 0 in double precision. */
const UNDERFLOW = -745;
/** The engine rounds otherwise, so a comparison of sums that differ by less is not decided. */
const SLACK = 1e-6;

/**
 * Returns the probabilities with which the candidates would be sampled with other controls, as the
 * engine's sampler computes them. The logits of the candidates are known; of all other tokens only
 * the sums of bins are, so where those matter the results are bounds.
 */
export function sampledWith(prediction: Prediction, controls: Controls): Outcome {
  const known = knownOf(prediction);
  const best = known.rows[0];
  if (!best || best.score < known.limit) return nothingKnown(prediction);
  const { temperature, top_k, top_p, min_p } = controls;
  if (temperature === 0) return greedy(known, best.score);
  const cuts: Cuts = new Map();
  const weigh = weigher(known, best.score, temperature);
  for (const row of known.rows) {
    if ((row.score - best.score) / temperature < UNDERFLOW) cut(cuts, row, "temperature", true);
  }
  const count = applyTopK(known, cuts, top_k);
  let rest = weigh.tail(count);
  if (top_p < 1) rest = applyTopP(known, cuts, weigh, rest, top_p);
  if (min_p > 0) {
    for (const row of known.rows.slice(1)) {
      const margin = weigh.row(row) - min_p;
      if (margin < SLACK * min_p) cut(cuts, row, "min_p", margin < -SLACK * min_p);
    }
    const above = weigh.tail(count, min_p);
    rest = { low: Math.min(rest.low, above.low), high: Math.min(rest.high, above.high) };
  }
  return outcome(prediction, known.rows, cuts, rest, weigh.row);
}

/** Whether the text so far or the model itself rules out a candidate, whatever the controls are. */
const isForbidden = (candidate: Candidate | undefined): boolean =>
  candidate?.logit == null || BEFORE.has(candidate.cut_by ?? "");

/** A candidate that is possible. */
interface Row {
  readonly place: number;
  readonly id: number;
  /** The logit after the repetition penalty. */
  readonly score: number;
}

interface Known {
  /** Highest score first; of equal ones the higher id, as in the engine's top-p. */
  readonly rows: readonly Row[];
  /** The tokens beyond the list, with their raw probabilities. */
  readonly tail: readonly TailBin[];
  /** No token of the tail has a higher score. */
  readonly limit: number;
  /** How many of the tail may have the score `limit`. */
  readonly ties: number;
  /** Whether tokens of the tail may be above candidates. */
  readonly reordered: boolean;
  /** How many tokens of the tail the repetition penalty may change. */
  readonly penalized: number;
  /** ln of the sum of exp(logit) over the vocabulary. */
  readonly logTotal: number;
  readonly prediction: Prediction;
}

function knownOf(prediction: Prediction): Known {
  const { candidates, context, penalty, banned, coarse } = prediction;
  const rows = candidates
    .map(({ id, logit }, place): Row => {
      const own = single(logit);
      return { place, id, score: context.has(id) ? penalised(own, penalty) : own };
    })
    .filter(({ place }) => !isForbidden(candidates[place]))
    .sort((one, other) => other.score - one.score || other.id - one.id);
  const probs = candidates.map(({ prob }) => prob);
  const tail = tailOf(probs, prediction.masses, prediction.edges);
  const [first, last] = [candidates[0], candidates.at(-1)];
  const limit = single(last?.logit);
  const listed = new Set(candidates.map(({ id }) => id));
  const outside = [...context].filter((id) => !listed.has(id)).length;
  const penalized = penalty === 1 ? 0 : Math.min(outside, sizeOf(tail));
  return {
    rows,
    tail,
    limit: penalized > 0 ? Math.max(limit, penalised(limit, penalty)) : limit,
    ties: coarse ? mayReach(tail, last?.prob ?? 1) : 0,
    reordered: penalty !== 1 || banned || rows.length < candidates.length,
    penalized,
    logTotal: first ? single(first.logit) - Math.log(first.prob) : 0,
    prediction,
  };
}

/** Returns the number in single precision whose shortest decimal was sent. */
const single = (logit: number | null | undefined): number =>
  Math.fround(logit ?? Number.NEGATIVE_INFINITY);

/** Computed in single precision, as in the engine. */
function penalised(logit: number, penalty: number): number {
  const factor = Math.fround(penalty);
  return Math.fround(logit < 0 ? logit * factor : logit / factor);
}

/** The rows that a control removes or, if that is not decided, may remove. */
type Cuts = Map<Row, { readonly by: string; readonly decided: boolean }>;

function cut(cuts: Cuts, row: Row, by: string, decided: boolean): void {
  if (!cuts.get(row)?.decided) cuts.set(row, { by, decided });
}

const isOut = (cuts: Cuts, row: Row): boolean => cuts.get(row)?.decided === true;

/** Only the best score stays; of equal ones the one with the lowest id. */
function greedy(known: Known, score: number): Outcome {
  const { prediction, rows, limit, reordered } = known;
  // A token of the tail that has the same score may have a lower id.
  if (reordered && score <= limit) return nothingKnown(prediction);
  const best = rows.filter((row) => row.score === score).at(-1);
  const others = rows.filter((row) => row !== best);
  const cuts: Cuts = new Map(others.map((row) => [row, { by: "temperature", decided: true }]));
  return outcome(prediction, rows, cuts, NOTHING, () => 1);
}

interface Weigher {
  /** exp((score - best score) / temperature) of a row. */
  readonly row: (row: Row) => number;
  /** The same of a token of the tail with the highest possible score. */
  readonly most: number;
  /** The sum over the first tokens of the tail, and only over weights from `least` on. */
  readonly tail: (count: Range, least?: number) => Range;
}

function weigher(known: Known, peak: number, temperature: number): Weigher {
  const { logTotal, limit, penalized } = known;
  const { banned, penalty } = known.prediction;
  const power = 1 / temperature;
  // With probabilities relative to that of a token with the best score, weights are their powers.
  const tail = relativeTo(known.tail, Math.exp(peak - logTotal));
  const most = Math.exp((limit - peak) / temperature);
  const slack = SLACK * Math.max(1, power);
  return {
    row: ({ score }) => Math.exp((score - peak) / temperature),
    most,
    tail(count, least = 0) {
      const floor = least ** temperature;
      const { low } = weightOf(tail, power, count.low, floor * (1 + SLACK));
      const { high } = weightOf(tail, power, count.high, floor * (1 - SLACK));
      const affected = penalized * most;
      return {
        low: banned ? 0 : Math.max(0, low * (1 - slack) - affected),
        high: high * (1 + slack) + (penalty < 1 ? affected : 0),
      };
    },
  };
}

/** Cuts the rows that are not among the k likeliest; returns how many of the tail are. */
function applyTopK(known: Known, cuts: Cuts, k: number): Range {
  const { rows, tail, limit, ties, reordered } = known;
  const size = sizeOf(tail);
  if (k === 0 || k >= known.prediction.candidates.length + size) return exactly(size);
  const kth = rows[k - 1]?.score ?? Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    if (row.score < kth) cut(cuts, row, "top_k", true);
    else if (reordered && row.score <= limit) cut(cuts, row, "top_k", false);
  }
  const stay = rows.filter((row) => !isOut(cuts, row));
  const sure = stay.filter((row) => !cuts.has(row));
  const low = Math.min(size, Math.max(0, k - stay.length));
  const high = Math.min(size, Math.max(0, k - sure.length));
  if (!known.prediction.coarse || kth > limit) return { low, high };
  // Tokens with the score of the last that stays do so too.
  return { low, high: high === 0 ? Math.min(size, ties) : withTies(tail, high) };
}

/** Cuts the rows after the likeliest that together have `mass`; returns the weight of the tail. */
function applyTopP(known: Known, cuts: Cuts, weigh: Weigher, tail: Range, mass: number): Range {
  const { limit, ties, reordered } = known;
  const rows = known.rows.filter((row) => !isOut(cuts, row));
  const sum = (some: readonly Row[]): Range => ({
    low: some.reduce((total, row) => total + (cuts.has(row) ? 0 : weigh.row(row)), 0),
    high: some.reduce((total, row) => total + weigh.row(row), 0),
  });
  const all = sum(rows);
  // Decided before any of them is cut.
  const before = rows.map((row, i) => {
    const [above, below] = [sum(rows.slice(0, i)), sum(rows.slice(i))];
    const passed = row.score > limit ? 0 : reordered ? tail.high : ties * weigh.most;
    const over = Math.min(tail.high, passed);
    return {
      low: above.low / (above.low + below.high + tail.high),
      high: (above.high + over) / (above.high + below.low + Math.max(over, tail.low)),
    };
  });
  rows.forEach((row, i) => {
    const { low, high } = before[i] ?? NOTHING;
    if (high === 0 || high < mass - SLACK) return;
    cut(cuts, row, "top_p", low >= mass + SLACK);
  });
  const isAbove = ({ score }: Row) => score > limit || (!reordered && ties === 0);
  if (rows.some((row) => isOut(cuts, row) && isAbove(row))) return NOTHING;
  if (reordered || rows.some((row) => cuts.has(row))) return { low: 0, high: tail.high };
  // All candidates stay, so the sum reaches the mass within the tail, by less than one token.
  const within = (of: number) => mass * (all.high + of) - all.high;
  return {
    low: Math.max(0, Math.min(tail.low, within(tail.low) - SLACK)),
    high: Math.min(tail.high, Math.max(0, within(tail.high)) + weigh.most + SLACK),
  };
}

function outcome(
  { candidates }: Prediction,
  rows: readonly Row[],
  cuts: Cuts,
  rest: Range,
  weigh: (row: Row) => number,
): Outcome {
  const left = rows.filter((row) => !isOut(cuts, row));
  const sum = (some: readonly Row[]) => some.reduce((total, row) => total + weigh(row), 0);
  const [least, most] = [sum(left.filter((row) => !cuts.has(row))), sum(left)];
  const byPlace = new Map(rows.map((row) => [row.place, row]));
  const named = new Map([...cuts].map(([row, { by, decided }]) => [row.place, { by, decided }]));
  return {
    rows: candidates.map(({ cut_by }, place) => {
      const row = byPlace.get(place);
      const removed = named.get(place);
      if (removed?.decided) return { prob: NOTHING, cutBy: removed.by, decided: true };
      if (!row) return { prob: NOTHING, cutBy: cut_by ?? null, decided: true };
      const weight = weigh(row);
      if (removed) {
        const high = weight / (least + weight + rest.low);
        return { prob: { low: 0, high }, cutBy: removed.by, decided: false };
      }
      const prob = { low: weight / (most + rest.high), high: weight / (least + rest.low) };
      return { prob, cutBy: null, decided: true };
    }),
    rest: {
      low: rest.low === 0 ? 0 : rest.low / (rest.low + most),
      high: rest.high === 0 ? 0 : rest.high / (rest.high + least),
    },
  };
}

/** All candidates are forbidden, or penalised so much that others may be above all of them. */
function nothingKnown({ candidates }: Prediction): Outcome {
  const rows = candidates.map((candidate): Tried => {
    const { cut_by: cutBy = null } = candidate;
    if (isForbidden(candidate)) return { prob: NOTHING, cutBy, decided: true };
    return { prob: { low: 0, high: 1 }, cutBy: null, decided: false };
  });
  return { rows, rest: { low: 0, high: 1 } };
}
