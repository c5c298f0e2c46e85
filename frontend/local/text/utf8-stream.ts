/** Decodes UTF-8 in pieces, as Python's incremental decoder does with `errors="replace"`. */
export class Utf8Stream {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** The beginning of a character, at most three bytes. */
  #held: Uint8Array = new Uint8Array();

  /** The characters that are complete now. */
  push(bytes: Uint8Array): string {
    const joined = new Uint8Array(this.#held.length + bytes.length);
    joined.set(this.#held);
    joined.set(bytes, this.#held.length);
    const complete = joined.length - beginningAtEnd(joined);
    this.#held = joined.slice(complete);
    return this.#decoder.decode(joined.subarray(0, complete));
  }

  /** The text that would follow if no more bytes came; does not end the stream. */
  rest(): string {
    return this.#decoder.decode(this.#held);
  }
}

/** How many bytes at the end are the beginning of a character that more bytes may complete. */
function beginningAtEnd(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const first = bytes.at(-length) ?? 0;
    if ((first & 0xc0) === 0x80) continue;
    const second = length > 1 ? (bytes.at(1 - length) ?? 0) : null;
    return length < lengthOf(first) && mayFollow(first, second) ? length : 0;
  }
  return 0;
}

/** The bytes of a character that begins with this byte; 0 if none does. */
function lengthOf(first: number): number {
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/**
 * Whether the second byte is allowed: no overlong forms, nothing beyond U+10FFFF. The beginning of a
 * surrogate is held too, as in Python, although no byte completes it.
 */
function mayFollow(first: number, second: number | null): boolean {
  if (second === null) return true;
  if (first === 0xe0) return second >= 0xa0;
  if (first === 0xf0) return second >= 0x90;
  return first !== 0xf4 || second < 0x90;
}
