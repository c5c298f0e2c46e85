import { commonLength } from "./common-length";
import type { DecodedStream, Vocabulary } from "./vocabulary";

/**
 * The exact text that each token adds to the output.
 *
 * Text is returned once no later token can change it (an incomplete character). All pieces concatenate
 * to the part of `decode(prompt + ids)` after `decode(prompt)`. If a token changes the end of the
 * prompt's text, the changed text is repeated, except for characters that a broken byte turns into
 * U+FFFD.
 */
export class TextStream {
  readonly #stream: DecodedStream;
  /** The end of the prompt's text that new tokens may still change. */
  #promptEnd: string;
  #held = "";

  constructor(vocabulary: Vocabulary, promptIds: readonly number[]) {
    this.#stream = vocabulary.stream();
    for (const tokenId of promptIds) this.#stream.push(tokenId);
    this.#promptEnd = this.#stream.rest();
  }

  /** The text that became final with this token; with `last`, all remaining text. */
  push(tokenId: number, last = false): string {
    const text = this.#stream.push(tokenId);
    return this.#afterPrompt(last ? text + this.#stream.rest() : text);
  }

  /** The text that would follow if no more tokens came. Ends the stream. */
  rest(): string {
    return this.#afterPrompt(this.#stream.rest());
  }

  #afterPrompt(text: string): string {
    const end = this.#promptEnd;
    if (end === "") return text;
    this.#held += text;
    const whole = this.#held;
    const same = commonLength(end, whole);
    if (same === whole.length && same < end.length) return "";
    this.#promptEnd = "";
    return whole.slice(same);
  }
}
