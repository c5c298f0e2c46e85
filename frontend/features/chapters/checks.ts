import type { Candidate } from "@/lib/contract";
import type { TokenFrame } from "@/lib/contract/frames";
import type { RunRecord } from "@/lib/run/run-record";
import { LEAST_MEAN, meanOf } from "@/panels/head-atlas/badges";
import { summaryOf } from "@/panels/head-atlas/summary";

/** A guess is right if it is among this many of the likeliest tokens. */
export const GOOD_GUESS = 5;

/** How a guess compares with the measured prediction. */
export interface Guess {
  readonly text: string;
  /** The likeliest candidate that has the guessed text; null if none of the measured ones has. */
  readonly candidate: Candidate | null;
  readonly rank: number | null;
  readonly solved: boolean;
}

/** Compares a word with the candidates of a token, regardless of case and white space. */
export function guessed({ top }: TokenFrame, text: string): Guess {
  const word = plain(text);
  const rank = top.findIndex((candidate) => plain(candidate.text) === word);
  const candidate = top[rank] ?? null;
  return {
    text,
    candidate,
    rank: candidate && rank,
    solved: candidate !== null && rank < GOOD_GUESS,
  };
}

/** Returns the words that are offered: of candidates far apart in rank, in alphabetical order. */
export function offeredGuesses({ top }: TokenFrame): readonly string[] {
  const readable = top.filter((candidate) => /\p{L}/u.test(candidate.text));
  const last = readable.length - 1;
  const ranks = [...new Set([0, 1, Math.ceil(last / 2), last])].filter((rank) => rank >= 0);
  const words = ranks.flatMap((rank) => readable[rank]?.text.trim() ?? []);
  return [...new Set(words)].sort((one, other) => one.localeCompare(other));
}

const plain = (text: string): string => text.trim().toLowerCase();

/** How much attention a head gives to the token before the query. */
export interface HeadWeight {
  readonly layer: number;
  readonly head: number;
  /** The mean over the tokens of the run, from 0 to 1. */
  readonly weight: number;
}

export interface PreviousWeights {
  /** Highest weight first. */
  readonly heads: readonly HeadWeight[];
  /** Whether all weights were measured; otherwise the weights are lower bounds. */
  readonly exact: boolean;
}

/** Returns for each head the mean of its attention to the previous token, as in the head atlas. */
export function previousWeights(run: RunRecord): PreviousWeights {
  const badges = summaryOf(run)?.badges;
  if (!badges) return { heads: [], exact: true };
  const all = Array.from({ length: badges.layers * badges.heads }, (_, i) => {
    const [layer, head] = [Math.floor(i / badges.heads), i % badges.heads];
    return { layer, head, weight: meanOf(badges, "previous", layer, head) };
  });
  const heads = all.filter(({ weight }) => !Number.isNaN(weight));
  return { heads: heads.sort((a, b) => b.weight - a.weight), exact: !badges.bounds.previous };
}

/**
 * Whether a head looks one token back: it has the badge of the head atlas, or, if no head of this
 * model has it, it looks back more than all others.
 */
export function looksBack({ heads }: PreviousWeights, { weight }: HeadWeight): boolean {
  return weight >= Math.min(LEAST_MEAN, heads[0]?.weight ?? LEAST_MEAN);
}

/** Returns how many tokens of the run the model was less certain of. */
export const lessCertain = ({ frames }: RunRecord, step: number): number =>
  frames.filter(({ entropy }) => entropy > (frames[step]?.entropy ?? 0)).length;

/**
 * Returns the top-p below and at which a candidate cannot be drawn: the probability of all likelier
 * ones together. Top-p keeps tokens until they reach p.
 */
export const impossibleUpTo = (top: readonly Candidate[], place: number): number =>
  top.slice(0, place).reduce((sum, { prob }) => sum + prob, 0);

/** Steps of the slider, and how far below the limit an answer may be. */
export const P_STEP = 0.01;
const P_SLACK = 0.02;

/** How a top-p compares with the highest one at which the candidate cannot be drawn. */
export function comparedTopP(limit: number, p: number): "possible" | "low" | "right" {
  if (p > limit) return "possible";
  return p + P_SLACK >= limit - 1e-9 ? "right" : "low";
}

/** Returns the place of the candidate that the chapter asks about: the third likeliest. */
export const askedCandidate = (top: readonly Candidate[]): number => Math.min(2, top.length - 1);

interface Measured {
  readonly step: number;
  readonly loss: number | null;
}

/** Returns a loss, to one decimal, that the training passes about in the middle of its fall. */
export function lossLimit(moments: readonly Measured[]): number | null {
  const losses = moments.flatMap(({ loss }) => loss ?? []);
  const [first, last] = [losses[0], losses.at(-1)];
  if (first === undefined || last === undefined || first <= last) return null;
  return Math.round(((first + last) / 2) * 10) / 10;
}

/** Returns the index of the first snapshot with a loss below the limit, or -1. */
export const firstBelow = (moments: readonly Measured[], limit: number): number =>
  moments.findIndex(({ loss }) => loss !== null && loss < limit);
