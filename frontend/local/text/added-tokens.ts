/** Tokens that are found in a text before it is split into words. */

/** A token as tokenizer.json describes it. */
export interface AddedToken {
  readonly content: string;
  /** Whether it is left out of the text that ids stand for. */
  readonly special: boolean;
  /** Whether it is found only where no word goes on beside it. */
  readonly singleWord: boolean;
  /** Whether white space before it belongs to it. */
  readonly lstrip: boolean;
  /** Whether white space after it belongs to it. */
  readonly rstrip: boolean;
  /** Whether it is looked for in the normalized text. */
  readonly normalized: boolean;
}

/** A part of a text: an added token, or text between them. */
export type Part = number | string;

const WORD = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]";
const ENDS_WITH_WORD = new RegExp(`${WORD}$`, "u");
const STARTS_WITH_WORD = new RegExp(`^${WORD}`, "u");
const SPACES_AT_START = /^\p{White_Space}*/u;
const SPACE = /\p{White_Space}/u;

/** The added tokens of a tokenizer, in the order of their ids. */
export class AddedTokens {
  readonly #tokens = new Map<number, AddedToken>();
  readonly #ids = new Map<string, number>();
  readonly #vocabulary: ReadonlyMap<string, number>;
  readonly #isComposed: boolean;
  #nextId: number;
  #finders: readonly Finder[] | null = null;

  /** @param isComposed whether texts are normalized to NFC */
  constructor(vocabulary: ReadonlyMap<string, number>, isComposed: boolean) {
    this.#vocabulary = vocabulary;
    this.#isComposed = isComposed;
    this.#nextId = vocabulary.size;
  }

  /** Add tokens; those that the vocabulary has not get the next ids. */
  add(tokens: readonly AddedToken[]): void {
    for (const token of tokens) {
      if (token.content === "") continue;
      this.set(this.idOf(token.content) ?? this.#nextId, token);
    }
  }

  /** Add a token with its id. */
  set(id: number, token: AddedToken): void {
    this.#nextId = Math.max(this.#nextId, id + 1);
    this.#ids.set(token.content, id);
    this.#tokens.set(id, token);
    this.#finders = null;
  }

  #normalize(text: string): string {
    return this.#isComposed ? text.normalize("NFC") : text;
  }

  /** Tokens by id. */
  get byId(): ReadonlyMap<number, AddedToken> {
    return this.#tokens;
  }

  idOf(content: string): number | undefined {
    return this.#ids.get(content) ?? this.#vocabulary.get(content);
  }

  /** A token as it is found in a text: normalized, if it is looked for there. */
  pieceOf(tokenId: number): string | undefined {
    const token = this.#tokens.get(tokenId);
    return token?.normalized ? this.#normalize(token.content) : token?.content;
  }

  /** Tokens and the normalized texts between them. */
  split(text: string): Part[] {
    this.#finders ??= [false, true].map((normalized) => this.#finder(normalized));
    const [raw, normalized] = this.#finders;
    const parts = raw ? raw.split(text) : [text];
    return parts.flatMap((part) => {
      if (typeof part === "number") return [part];
      const plain = this.#normalize(part);
      return normalized ? normalized.split(plain) : [plain];
    });
  }

  #finder(normalized: boolean): Finder {
    const found = new Map<string, readonly [number, AddedToken]>();
    for (const [id, token] of this.#tokens) {
      if (token.normalized !== normalized) continue;
      found.set(this.pieceOf(id) ?? "", [id, token]);
    }
    return new Finder(found);
  }
}

/** Finds tokens in a text: the leftmost first, the longest of those that begin together. */
class Finder {
  readonly #tokens: ReadonlyMap<string, readonly [number, AddedToken]>;
  readonly #pattern: RegExp | null;

  constructor(tokens: ReadonlyMap<string, readonly [number, AddedToken]>) {
    this.#tokens = tokens;
    const longestFirst = [...tokens.keys()].sort((a, b) => b.length - a.length);
    const escaped = longestFirst.map((each) => each.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"));
    this.#pattern = escaped.length > 0 ? new RegExp(escaped.join("|"), "g") : null;
  }

  split(text: string): Part[] {
    const parts: Part[] = [];
    let end = 0;
    for (const match of this.#pattern ? text.matchAll(this.#pattern) : []) {
      const known = this.#tokens.get(match[0]);
      if (!known) continue;
      const [id, token] = known;
      let begin = match.index;
      let stop = begin + match[0].length;
      if (token.singleWord && isInWord(text, begin, stop)) continue;
      if (token.lstrip) begin -= spacesBefore(text, begin);
      if (token.rstrip) stop += SPACES_AT_START.exec(text.slice(stop))?.[0].length ?? 0;
      if (end < begin) parts.push(text.slice(end, begin));
      parts.push(id);
      end = stop;
    }
    if (end < text.length) parts.push(text.slice(end));
    return parts;
  }
}

/** Whether a word goes on before or after a part of a text. */
function isInWord(text: string, begin: number, end: number): boolean {
  return ENDS_WITH_WORD.test(text.slice(0, begin)) || STARTS_WITH_WORD.test(text.slice(end));
}

/** How many characters before a place are white space. */
function spacesBefore(text: string, place: number): number {
  let count = 0;
  while (count < place && SPACE.test(text.charAt(place - count - 1))) count++;
  return count;
}
