/**
 * Checks the breakpoints of a run at each token.
 *
 * A text hits when the output contains one more match than before. So a match that grows with the
 * next token does not hit again, nor does a match in the output before a resume. Patterns are left to
 * the server: JavaScript's regular expressions cannot be interrupted.
 */

import type { BreakpointHit, Condition, RunSettings } from "@/lib/contract";
import { LocalError } from "../errors";

type Breakpoints = RunSettings["breakpoints"];

/** Longest group of tokens whose repetition counts as a loop. */
const MAX_PERIOD = 64;
const REPEATS = 3;
/** Fewest tokens of a loop: short words may be repeated three times without looping. */
const MIN_LOOP = 8;
/** Characters at the end of the text that are searched. */
const WINDOW = 8192;

/** What a token was chosen from, and how. */
export interface TokenMeasures {
  /** Entropy of the raw prediction, in nats. */
  readonly entropy: number;
  /** The token's probability in the raw prediction. */
  readonly probability: number;
  readonly forced: boolean;
}

/** The breakpoints of one run. */
export class BreakpointMatcher {
  readonly #asked: Breakpoints;
  readonly #ids: number[];
  readonly #matches: MatchCount | null;
  #looping: boolean;

  /**
   * Start after the `written` ids and their text, which are not checked again.
   *
   * @throws LocalError (only_on_server) there is a pattern.
   */
  constructor(breakpoints: Breakpoints, written: readonly number[], text: string) {
    if (breakpoints.pattern !== null) {
      const field = "breakpoints.pattern";
      throw LocalError.of("only_on_server", "serverPattern", [field], field);
    }
    this.#asked = breakpoints;
    this.#ids = [...written];
    this.#looping = breakpoints.loop && loopPeriod(this.#ids) > 0;
    this.#matches = breakpoints.text === null ? null : new MatchCount(breakpoints.text, text);
  }

  /** The conditions that this token meets, apart from those on the text. */
  token(tokenId: number, { entropy, probability, forced }: TokenMeasures): BreakpointHit[] {
    this.#ids.push(tokenId);
    const asked = this.#asked;
    const hits: BreakpointHit[] = [];
    const period = asked.loop ? loopPeriod(this.#ids) : 0;
    const beganToLoop = period > 0 && !this.#looping;
    this.#looping = period > 0;
    if (this.#ids.length === asked.after) hits.push(hit("after", asked.after));
    if (forced) return hits;
    if (asked.entropy_above !== null && entropy > asked.entropy_above) {
      hits.push(hit("entropy_above", entropy));
    }
    if (asked.probability_below !== null && probability < asked.probability_below) {
      hits.push(hit("probability_below", probability));
    }
    if (beganToLoop) hits.push(hit("loop", period));
    return hits;
  }

  /** The conditions on the text that this token met. */
  text(added: string, forced: boolean): BreakpointHit[] {
    const found = added !== "" && this.#matches?.push(added);
    if (!found || forced) return [];
    return [{ condition: "text", value: null, found: this.#asked.text }];
  }
}

function hit(condition: Condition, value: number): BreakpointHit {
  return { condition, value, found: null };
}

/** Counts the matches of a text in a growing text. */
class MatchCount {
  readonly #wanted: string;
  #window: string;
  #seen: number;

  constructor(wanted: string, before: string) {
    this.#wanted = wanted;
    this.#window = lastCharacters(before, WINDOW);
    this.#seen = occurrences(this.#window, wanted);
  }

  /** Whether there are more matches than before. */
  push(added: string): boolean {
    this.#window += added;
    const found = occurrences(this.#window, this.#wanted);
    const more = found > this.#seen;
    this.#window = lastCharacters(this.#window, WINDOW);
    this.#seen = occurrences(this.#window, this.#wanted);
    return more;
  }
}

/** How often a text occurs, without overlaps. */
function occurrences(text: string, wanted: string): number {
  let count = 0;
  let at = text.indexOf(wanted);
  while (at >= 0) {
    count++;
    at = text.indexOf(wanted, at + wanted.length);
  }
  return count;
}

/** The end of a text, with at most so many characters (code points). */
function lastCharacters(text: string, count: number): string {
  if (text.length <= count) return text;
  let begin = text.length;
  for (let left = count; left > 0 && begin > 0; left--) {
    const isPair = begin > 1 && (text.codePointAt(begin - 2) ?? 0) > 0xffff;
    begin -= isPair ? 2 : 1;
  }
  return text.slice(begin);
}

/** Length of the shortest group of tokens that the text has begun to repeat; 0 for none. */
export function loopPeriod(ids: readonly number[]): number {
  const longest = Math.min(MAX_PERIOD, Math.floor(ids.length / REPEATS));
  for (let period = 1; period <= longest; period++) {
    const length = Math.max(REPEATS * period, MIN_LOOP);
    if (length <= ids.length && repeats(ids, period, length)) return period;
  }
  return 0;
}

function repeats(ids: readonly number[], period: number, length: number): boolean {
  for (let place = 1; place <= length - period; place++) {
    if (ids[ids.length - place] !== ids[ids.length - place - period]) return false;
  }
  return true;
}
