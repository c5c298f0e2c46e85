/** Byte-level BPE tokenizers. `read-tokenizer.ts` reads them from a model's files. */

import { type AddedToken, AddedTokens } from "./added-tokens";
import { BytePairs } from "./byte-pairs";
import { splitBy } from "./split-words";

/**
 * How a text is split into smaller ones: a space is put before it, or the parts that a pattern
 * matches are separated.
 */
export type Split = "prefix" | { readonly pattern: string };

/** All that a tokenizer is. */
export interface TokenizerDescription {
  /** Ids by token. */
  readonly vocabulary: Readonly<Record<string, number>>;
  /** Pairs of tokens, the first learned first. */
  readonly merges: readonly (readonly [string, string])[];
  /** Whether a word that is a token is not built by merges. */
  readonly ignoresMerges: boolean;
  /** Whether a text is normalized to NFC. */
  readonly isComposed: boolean;
  /** Applied one after the other, each to all parts. */
  readonly splits: readonly Split[];
  /** Added tokens with their ids, in the order in which they were added. */
  readonly added: readonly (readonly [id: number, token: AddedToken])[];
  /** Special tokens by their names, such as eos_token. */
  readonly special: Readonly<Record<string, string>>;
  /** The ids that are added to a text. */
  readonly ends: Ends;
}

export interface Ends {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** A tokenizer of byte-level BPE. */
export class Tokenizer {
  readonly #vocabulary: ReadonlyMap<string, number>;
  readonly #added: AddedTokens;
  readonly #pairs: BytePairs;
  readonly #splits: readonly (RegExp | null)[];
  readonly #ends: Ends;
  readonly #pieces = new Map<number, string>();

  /** @throws LocalError (unsupported_model) if a merge is not in the vocabulary */
  constructor(description: TokenizerDescription) {
    const { merges, ignoresMerges, isComposed, added } = description;
    const vocabulary = new Map(Object.entries(description.vocabulary));
    this.#vocabulary = vocabulary;
    this.#added = new AddedTokens(vocabulary, isComposed);
    for (const [id, token] of added) this.#added.set(id, token);
    this.#pairs = new BytePairs(vocabulary, merges, ignoresMerges);
    this.#splits = description.splits.map((split) =>
      split === "prefix" ? null : new RegExp(split.pattern, "gu"),
    );
    this.#ends = description.ends;
    for (const [piece, id] of vocabulary) this.#pieces.set(id, piece);
  }

  /** Number of tokens, added ones included. */
  get size(): number {
    const own = this.#vocabulary;
    const added = [...this.#added.byId.values()].filter(({ content }) => !own.has(content));
    return own.size + added.length;
  }

  /** Added tokens by id. */
  get addedTokens(): ReadonlyMap<number, AddedToken> {
    return this.#added.byId;
  }

  idOf(content: string): number | undefined {
    return this.#added.idOf(content);
  }

  /** A token as it stands in the vocabulary; null for an id without a token. */
  piece(tokenId: number): string | null {
    return this.#added.pieceOf(tokenId) ?? this.#pieces.get(tokenId) ?? null;
  }

  /** Token ids of a text; `special` adds the special tokens that the model expects. */
  encode(text: string, special: boolean): number[] {
    const ids = this.#added.split(text).flatMap((part) => {
      if (typeof part === "number") return [part];
      let words: readonly string[] = [part];
      for (const split of this.#splits) words = words.flatMap((each) => parts(each, split));
      return words.flatMap((word) => this.#pairs.encode(word));
    });
    return special ? [...this.#ends.before, ...ids, ...this.#ends.after] : ids;
  }
}

function parts(text: string, split: RegExp | null): readonly string[] {
  return split ? splitBy(text, split) : [text.startsWith(" ") ? text : ` ${text}`];
}
