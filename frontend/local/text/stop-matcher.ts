/**
 * Finds the first stop string in a stream, and holds possible beginnings of one back.
 *
 * Stop strings are matched in the text without special tokens. One that mixes a special token with
 * other text (`<|im_end|>` and a line break) is matched in the text with special tokens. Each
 * character is compared with each stop string about once (Knuth, Morris and Pratt 1977).
 */
export class StopMatcher {
  /** Whether a stop string was found; no more text is returned then. */
  hit = false;
  readonly #plain: readonly Matcher[];
  readonly #withSpecial: readonly Matcher[];
  /** For the last characters, special tokens included, whether they are shown. */
  #isShown: boolean[] = [];
  #held = "";

  /**
   * @param stop the stop strings.
   * @param special the texts of the special tokens.
   */
  constructor(stop: readonly string[], special: Iterable<string> = []) {
    const texts = [...special];
    const isMixed = (each: string) => texts.some((text) => each.includes(text) && text !== each);
    const each = [...new Set(stop)];
    this.#plain = each.filter((text) => !isMixed(text)).map((text) => new Matcher(text));
    this.#withSpecial = each.filter(isMixed).map((text) => new Matcher(text));
  }

  /**
   * The text that can be shown, from held text and this addition.
   *
   * @param added the text that a token adds.
   * @param special the token's own text, if it is a special token; it is not shown.
   * @param last whether this is the last text.
   */
  push(added: string, special = "", last = false): string {
    if (this.#plain.length === 0 && this.#withSpecial.length === 0) return added;
    const text = this.#held + added;
    const begins = this.#plain.flatMap((each) => each.find(added) ?? []);
    let keep = Math.max(0, ...this.#plain.map((each) => each.matched));
    if (this.#withSpecial.length > 0) {
      const [more, kept] = this.#findWithSpecial(added, special);
      begins.push(...more);
      keep = Math.max(keep, kept);
    }
    if (begins.length > 0) {
      this.hit = true;
      const shown = text.slice(0, this.#held.length + Math.min(...begins));
      this.#held = "";
      return shown;
    }
    const end = last ? text.length : text.length - keep;
    this.#held = text.slice(end);
    return text.slice(0, end);
  }

  /** Where matches begin in the shown text, relative to `added`, and how much to hold back. */
  #findWithSpecial(added: string, special: string): [begins: number[], keep: number] {
    const before = this.#isShown;
    const count = (shown: readonly boolean[]) => shown.filter(Boolean).length;
    const begins = this.#withSpecial.flatMap((each) => {
      const begin = each.find(added + special);
      if (begin === null) return [];
      return [begin < 0 ? -count(before.slice(begin)) : begin];
    });
    const longest = Math.max(...this.#withSpecial.map((each) => each.length));
    const shown = Array<boolean>(added.length).fill(true);
    const hidden = Array<boolean>(special.length).fill(false);
    this.#isShown = [...before, ...shown, ...hidden].slice(-longest);
    const keep = this.#withSpecial.map(({ matched }) =>
      matched > 0 ? count(this.#isShown.slice(-matched)) : 0,
    );
    return [begins, Math.max(...keep)];
  }
}

/** Finds one string in a stream of text. */
class Matcher {
  readonly length: number;
  /** Number of characters of the string that the text ends with. */
  matched = 0;
  readonly #wanted: string;
  readonly #shorter: readonly number[];

  constructor(wanted: string) {
    this.#wanted = wanted;
    this.length = wanted.length;
    this.#shorter = borders(wanted);
  }

  /**
   * Where the first match that ends in `added` begins, relative to its start (so it may be negative);
   * null if there is none.
   */
  find(added: string): number | null {
    const wanted = this.#wanted;
    let matched = this.matched;
    for (let place = 0; place < added.length; place++) {
      const character = added[place];
      while (matched > 0 && wanted[matched] !== character)
        matched = this.#shorter[matched - 1] ?? 0;
      if (wanted[matched] === character) {
        matched++;
        if (matched === wanted.length) return place + 1 - matched;
      }
    }
    this.matched = matched;
    return null;
  }
}

/** For each beginning of a text, the length of the longest shorter one that also ends it. */
function borders(text: string): number[] {
  const lengths = [0];
  let length = 0;
  for (let place = 1; place < text.length; place++) {
    while (length > 0 && text[place] !== text[length]) length = lengths[length - 1] ?? 0;
    if (text[place] === text[length]) length++;
    lengths.push(length);
  }
  return lengths;
}
