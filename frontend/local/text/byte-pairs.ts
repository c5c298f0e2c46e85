/**
 * Byte-pair encoding (Sennrich et al., 2016): the pair that was learned first is merged first, and of
 * equal pairs the leftmost.
 */

import { unsupported } from "../errors";
import { STAND_INS } from "./byte-level";

const MAX_KNOWN_WORDS = 20_000;

/** The merges of a model, over ids. */
export class BytePairs {
  readonly #byteIds: readonly (number | undefined)[];
  readonly #merges = new Map<number, Merge>();
  readonly #whole: ReadonlyMap<string, number> | null;
  readonly #size: number;
  readonly #known = new Map<string, readonly number[]>();
  readonly #encoder = new TextEncoder();

  /**
   * @param vocabulary ids by token.
   * @param merges pairs of tokens, the first learned first.
   * @param ignoreMerges whether a word that is a token is not built by merges.
   */
  constructor(
    vocabulary: ReadonlyMap<string, number>,
    merges: readonly (readonly [string, string])[],
    ignoreMerges: boolean,
  ) {
    this.#byteIds = STAND_INS.map((each) => vocabulary.get(each));
    this.#whole = ignoreMerges ? vocabulary : null;
    let size = 0;
    for (const id of vocabulary.values()) size = Math.max(size, id + 1);
    this.#size = size;
    merges.forEach(([left, right], rank) => {
      const [one, other, made] = [left, right, left + right].map((each) => vocabulary.get(each));
      if (one === undefined || other === undefined || made === undefined) {
        throw unsupported("brokenMerge", left, right);
      }
      this.#merges.set(this.#key(one, other), { rank, id: made });
    });
  }

  /** The ids of a word. Bytes that are no token are left out. */
  encode(word: string): readonly number[] {
    const known = this.#known.get(word);
    if (known) return known;
    if (this.#known.size >= MAX_KNOWN_WORDS) this.#known.clear();
    const ids = this.#encode(this.#encoder.encode(word));
    this.#known.set(word, ids);
    return ids;
  }

  #encode(bytes: Uint8Array): readonly number[] {
    if (this.#whole) {
      const piece = Array.from(bytes, (byte) => STAND_INS[byte] ?? "").join("");
      const id = this.#whole.get(piece);
      if (id !== undefined) return [id];
    }
    const ids: number[] = [];
    for (const byte of bytes) {
      const id = this.#byteIds[byte];
      if (id !== undefined) ids.push(id);
    }
    return this.#merged(ids);
  }

  #merged(ids: number[]): readonly number[] {
    const next = ids.map((_, place) => place + 1);
    const previous = ids.map((_, place) => place - 1);
    const queue = new MergeQueue();
    const offer = (place: number, after: number) => {
      const merge = this.#merges.get(this.#key(ids[place] ?? 0, ids[after] ?? 0));
      if (merge) queue.push({ ...merge, place });
    };
    for (let place = 0; place + 1 < ids.length; place++) offer(place, place + 1);
    for (let top = queue.pop(); top; top = queue.pop()) {
      const { place, id } = top;
      const after = next[place] ?? ids.length;
      if (ids[place] === MERGED || after >= ids.length) continue;
      // The pair may have changed since it was queued.
      const merge = this.#merges.get(this.#key(ids[place] ?? 0, ids[after] ?? 0));
      if (merge?.id !== id) continue;
      ids[place] = id;
      ids[after] = MERGED;
      const beyond = next[after] ?? ids.length;
      next[place] = beyond;
      if (beyond < ids.length) {
        previous[beyond] = place;
        offer(place, beyond);
      }
      const before = previous[place] ?? -1;
      if (before >= 0) offer(before, place);
    }
    return ids.filter((id) => id !== MERGED);
  }

  #key(left: number, right: number): number {
    return left * this.#size + right;
  }
}

/** Stands for a token that was merged into the one before it. */
const MERGED = -1;

interface Merge {
  readonly rank: number;
  /** The id that the pair becomes. */
  readonly id: number;
}

interface Offer extends Merge {
  /** The place of the left token. */
  readonly place: number;
}

/** A heap of merges: the lowest rank first, then the lowest place. */
class MergeQueue {
  readonly #offers: Offer[] = [];

  push(offer: Offer): void {
    const offers = this.#offers;
    let slot = offers.length;
    offers.push(offer);
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      const above = offers[parent];
      if (!above || !isBefore(offer, above)) break;
      offers[slot] = above;
      slot = parent;
    }
    offers[slot] = offer;
  }

  pop(): Offer | undefined {
    const offers = this.#offers;
    const top = offers[0];
    const last = offers.pop();
    if (!last || offers.length === 0) return top;
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      const [left, right] = [offers[child], offers[child + 1]];
      if (left && right && isBefore(right, left)) child++;
      const below = offers[child];
      if (!below || !isBefore(below, last)) break;
      offers[slot] = below;
      slot = child;
    }
    offers[slot] = last;
    return top;
  }
}

function isBefore(one: Offer, other: Offer): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.place < other.place);
}
