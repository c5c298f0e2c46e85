/**
 * When a run ends: the rule of `mav_engine/generation/ending.py`.
 *
 * A run ends with the first token for which one of these holds. Where several do, the first of the
 * list is the reason, except that a stop text always is:
 *
 * 1. `stop`, `eos`: the token is a stop id or an end-of-text id, and is not followed by a forced one.
 * 2. `length`: it is the last token that the run may write.
 * 3. `breakpoint`: it meets a breakpoint.
 * 4. the caller's reason: `cancelled`, `deadline`.
 * 5. `stop`: the text now contains a stop text.
 */

import type { BreakpointHit, FinishReason, RunSettings } from "@/lib/contract";
import type { StopMatcher } from "../text/stop-matcher";
import { TextStream } from "../text/text-stream";
import type { Vocabulary } from "../text/vocabulary";
import type { BreakpointMatcher } from "./breakpoint-matcher";
import type { ForcedTokens } from "./forced-tokens";
import type { Prediction } from "./prediction";
import type { Choice } from "./sampler";

/** The part of the rule that needs a token's id and index only. */
export interface TokenEnding {
  readonly stopIds: ReadonlySet<number>;
  /** Ids that end a text. */
  readonly eosIds: ReadonlySet<number>;
  /** New tokens at most. */
  readonly limit: number;
  readonly forced: ForcedTokens;
}

/** Why the run ends with new token number `index`; null where it goes on. */
export function reasonById(
  { stopIds, eosIds, limit, forced }: TokenEnding,
  tokenId: number,
  index: number,
): FinishReason | null {
  // A forced token may follow an end of text, as it did where it was first written.
  if (stopIds.has(tokenId) && forced.at(index + 1) === null) return "stop";
  if (eosIds.has(tokenId) && forced.at(index + 1) === null) return "eos";
  return index + 1 === limit ? "length" : null;
}

/** Reasons for the end of a run that are known before its text is. */
export interface Reasons {
  /** The reason of `reasonById`. */
  readonly byId: FinishReason | null;
  /** Why the caller ends the run with this token; null where it does not. */
  readonly caller: FinishReason | null;
}

/** The text of a run, and the token with which it ends. */
export class Ending {
  /** Why the run has ended, once it has. */
  reason: FinishReason | null = null;
  /** The breakpoints that the last token has met. */
  hits: BreakpointHit[] = [];
  /** The text of the tokens that this run continues. */
  readonly textBefore: string;
  readonly #vocabulary: Vocabulary;
  readonly #stream: TextStream;
  readonly #stops: StopMatcher | undefined;
  readonly #breakpoints: BreakpointMatcher | undefined;

  /**
   * @param vocabulary the model's.
   * @param promptIds the prompt.
   * @param written new tokens of the run that this one continues.
   * @param stopTexts texts that end the run.
   * @param breakpoints of the run's settings.
   * @param matchers absent where there are neither stop texts nor breakpoints.
   * @throws LocalError (only_on_server) a breakpoint cannot be checked here.
   */
  constructor(
    vocabulary: Vocabulary,
    promptIds: readonly number[],
    written: readonly number[],
    stopTexts: readonly string[],
    breakpoints: RunSettings["breakpoints"],
    matchers?: typeof import("./matchers"),
  ) {
    this.#vocabulary = vocabulary;
    this.#stream = new TextStream(vocabulary, promptIds);
    this.#stops = matchers && new matchers.StopMatcher(stopTexts, vocabulary.special.keys());
    const texts = written.map((tokenId) => this.#stream.push(tokenId));
    this.textBefore = written
      .map((tokenId, place) => this.#shown(texts[place] ?? "", tokenId))
      .join("");
    this.#breakpoints =
      matchers && new matchers.BreakpointMatcher(breakpoints, written, texts.join(""));
  }

  /**
   * Add a token, and decide whether the run ends with it.
   *
   * @returns the text that it adds, without special tokens and stop texts. Empty while characters are
   *   incomplete or a stop text may have begun.
   */
  add(
    { tokenId, forced }: Pick<Choice, "tokenId" | "forced">,
    prediction: Pick<Prediction, "entropy" | "logprob">,
    { byId, caller }: Reasons,
  ): string {
    const probability = Math.exp(prediction.logprob(tokenId));
    const measures = { entropy: prediction.entropy, probability, forced };
    this.hits = this.#breakpoints?.token(tokenId, measures) ?? [];
    this.reason = byId ?? (this.hits.length > 0 ? "breakpoint" : null);
    let added = this.#stream.push(tokenId, this.reason !== null);
    this.hits.push(...(this.#breakpoints?.text(added, forced) ?? []));
    if (this.reason === null) {
      this.reason = this.hits.length > 0 ? "breakpoint" : caller;
      if (this.reason !== null) added += this.#stream.rest();
    }
    const text = this.#shown(added, tokenId, this.reason !== null);
    if (this.#stops?.hit) this.reason = "stop";
    return text;
  }

  /** The text that a token adds, without what may begin a stop text. */
  #shown(added: string, tokenId: number, last = false): string {
    return this.#stops ? this.#stops.push(added, this.#special(tokenId), last) : added;
  }

  /** The text of a special token, which is not part of the run's text; empty for others. */
  #special(tokenId: number): string {
    return this.#vocabulary.specialIds.has(tokenId) ? this.#vocabulary.label(tokenId) : "";
  }
}
