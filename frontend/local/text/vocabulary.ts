/**
 * Converts token ids to text: labels of single tokens, and streams of a growing output.
 *
 * A label shows a single token, with spaces and with incomplete characters as bytes (`<0xF0>`). A
 * stream returns the text that each token adds to the text before it; all pieces concatenate to the
 * decoded text, including characters that span tokens.
 */

import type { WireTokenRef } from "@/lib/contract/schemas";
import { bytesOf } from "./byte-level";
import { commonLength } from "./common-length";
import type { Tokenizer } from "./tokenizer";
import { Utf8Stream } from "./utf8-stream";

/** A token by id, with its own text. */
export type TokenRef = WireTokenRef & { readonly id: number };

const WHITE_SPACE = /\p{White_Space}/u;

/** Whether a text is only white space for Python: Unicode's, and four separators of ASCII. */
function isBlank(text: string): boolean {
  const isSpace = (character: string) =>
    WHITE_SPACE.test(character) || (character >= "\u001c" && character <= "\u001f");
  return text !== "" && [...text].every(isSpace);
}

/** The decoding of a growing list of ids. */
export interface DecodedStream {
  /** Add a token; the text that is certain now and was not before. */
  push(tokenId: number): string;
  /** The text that would follow if no more tokens came; does not end the stream. */
  rest(): string;
}

/** The texts of a tokenizer's tokens. */
export class Vocabulary {
  /** Special tokens by their text. */
  readonly special: ReadonlyMap<string, number>;
  readonly specialIds: ReadonlySet<number>;
  readonly #tokenizer: Tokenizer;
  readonly #labels = new Map<number, string>();
  readonly #bytes = new Map<number, Uint8Array | null>();
  #whiteSpace: readonly number[] | null = null;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
    const special = [...tokenizer.addedTokens].filter(([, token]) => token.special);
    this.special = new Map(special.map(([id, token]) => [token.content, id]));
    this.specialIds = new Set(this.special.values());
  }

  /** Whether both have the same tokens with the same ids. */
  equals(vocabulary: Vocabulary): boolean {
    const [own, other] = [this.#tokenizer, vocabulary.#tokenizer];
    if (own.size !== other.size) return false;
    for (let id = 0; id < own.size; id++) if (own.piece(id) !== other.piece(id)) return false;
    return true;
  }

  /** The token's own text. Ids beyond the tokenizer (padding rows) show as `<id 123>`. */
  label(tokenId: number): string {
    let label = this.#labels.get(tokenId);
    if (label === undefined) {
      label = this.#makeLabel(tokenId);
      this.#labels.set(tokenId, label);
    }
    return label;
  }

  ref(tokenId: number): TokenRef {
    return { id: tokenId, text: this.label(tokenId) };
  }

  /**
   * These tokens with the text that each adds; special tokens have their own text.
   *
   * Without special tokens, the texts concatenate to the decoded text.
   */
  tokenRefs(ids: readonly number[]): TokenRef[] {
    const stream = this.stream();
    const certain = ids.map((id) => {
      const text = stream.push(id);
      return { id, text, tail: stream.rest() };
    });
    const whole = certain.map(({ text }) => text).join("") + stream.rest();
    const last = ids.findLastIndex((id) => !this.specialIds.has(id));
    let [end, before] = [0, 0];
    return certain.map(({ id, text, tail }, place) => {
      end += text.length;
      if (this.specialIds.has(id)) return this.ref(id);
      // The text up to the next token that later tokens do not change.
      const unchanged = commonLength(tail, whole.slice(end, end + tail.length));
      const until = place === last ? whole.length : Math.max(before, end + unchanged);
      const ref = { id, text: whole.slice(before, until) };
      before = until;
      return ref;
    });
  }

  /** A new stream of a text that begins with its first token. */
  stream(): DecodedStream {
    const bytes = new Utf8Stream();
    return {
      push: (tokenId) => {
        const added = this.#bytesOf(tokenId);
        return added ? bytes.push(added) : "";
      },
      rest: () => bytes.rest(),
    };
  }

  /** Token ids of a text; `special` adds the special tokens that the model expects. */
  encode(text: string, special: boolean): number[] {
    return this.#tokenizer.encode(text, special);
  }

  /** Ids of the tokens whose text is only white space. */
  get whiteSpace(): readonly number[] {
    this.#whiteSpace ??= Array.from({ length: this.#tokenizer.size }, (_, id) => id).filter((id) =>
      isBlank(this.label(id)),
    );
    return this.#whiteSpace;
  }

  #makeLabel(tokenId: number): string {
    const added = this.#tokenizer.addedTokens.get(tokenId);
    if (added) return added.content;
    const piece = this.#tokenizer.piece(tokenId);
    if (piece === null) return `<id ${tokenId}>`;
    const bytes = bytesOf(piece);
    return bytes ? shown(bytes) : piece.replaceAll("▁", " ");
  }

  /** The bytes that a token adds; null for special tokens and unknown ids. */
  #bytesOf(tokenId: number): Uint8Array | null {
    let bytes = this.#bytes.get(tokenId);
    if (bytes === undefined) {
      const whole = this.#tokenizer.piece(tokenId);
      const piece = whole === null || this.special.has(whole) ? null : whole;
      // A token with any character that stands for no byte is itself.
      bytes = piece === null ? null : (bytesOf(piece) ?? new TextEncoder().encode(piece));
      this.#bytes.set(tokenId, bytes);
    }
    return bytes;
  }
}

function shown(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, "0");
    return Array.from(bytes, (byte) => `<0x${hex(byte)}>`).join("");
  }
}
