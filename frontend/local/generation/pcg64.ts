/**
 * numpy's default random generator: PCG64 (O'Neill 2014, XSL-RR 128/64), seeded by its SeedSequence.
 *
 * The same seed gives the same numbers as `np.random.default_rng(seed)`, bit by bit.
 */

const { imul } = Math;

/** The multiplier of the 128-bit generator, as four words of 32 bits, lowest first. */
const MULTIPLIER: readonly number[] = [0x9fccf645, 0x4385df64, 0x1fc65da4, 0x2360ed05];
const POOL_WORDS = 4;

/**
 * The words that numpy's `SeedSequence(entropy).generate_state(count)` returns.
 *
 * @param entropy whole numbers from 0 to 2^53 - 1.
 * @param count number of words of 32 bits.
 */
export function seedWords(entropy: readonly number[], count: number): Uint32Array {
  const words = entropy.flatMap(wordsOf);
  const hash = hashing(0x43b0d7e5, 0x931e8875);
  const pool = Array.from({ length: POOL_WORDS }, (_, place) => hash(words[place] ?? 0));
  const mixInto = (to: number, value: number) => {
    pool[to] = mixed(pool[to] ?? 0, hash(value));
  };
  for (let from = 0; from < POOL_WORDS; from++) {
    for (let to = 0; to < POOL_WORDS; to++) if (from !== to) mixInto(to, pool[from] ?? 0);
  }
  for (const word of words.slice(POOL_WORDS)) {
    for (let to = 0; to < POOL_WORDS; to++) mixInto(to, word);
  }
  const spread = hashing(0x8b51f9dd, 0x58f38ded);
  return Uint32Array.from({ length: count }, (_, place) => spread(pool[place % POOL_WORDS] ?? 0));
}

/** A whole number as words of 32 bits, lowest first; 0 is one word. */
function wordsOf(number: number): number[] {
  const low = number % 2 ** 32;
  const high = Math.floor(number / 2 ** 32);
  return high > 0 ? [low, ...wordsOf(high)] : [low];
}

/** A hash of one word whose constant changes with each call. */
function hashing(constant: number, multiplier: number): (word: number) => number {
  let current = constant;
  return (word) => {
    const before = word ^ current;
    current = imul(current, multiplier);
    const value = imul(before, current);
    return (value ^ (value >>> 16)) >>> 0;
  };
}

function mixed(x: number, y: number): number {
  const value = imul(0xca01f9dd, x) - imul(0x4973f715, y);
  return (value ^ (value >>> 16)) >>> 0;
}

/** The generator, with 128 bits of state in four words of 32 bits, lowest first. */
export class Pcg64 {
  readonly #state = new Uint32Array(4);
  readonly #increment = new Uint32Array(4);
  /** The upper half of the last 64 bits, if only its lower half was taken. */
  #half: number | null = null;
  #high = 0;
  #low = 0;

  /** @param entropy the seed: one whole number, or several as in `default_rng([1, 2])`. */
  constructor(...entropy: readonly number[]) {
    // Each pair of words is a number of 64 bits; state and increment are two, the upper one first.
    const [s2 = 0, s3 = 0, s0 = 0, s1 = 0, i2 = 0, i3 = 0, i0 = 0, i1 = 0] = seedWords(entropy, 8);
    const sequence = [i0, i1, i2, i3];
    for (let word = 0; word < 4; word++) {
      const below = word === 0 ? 1 : (sequence[word - 1] ?? 0) >>> 31;
      this.#increment[word] = ((sequence[word] ?? 0) << 1) | below;
    }
    this.#state.set(this.#increment);
    add(this.#state, [s0, s1, s2, s3]);
    this.#step();
  }

  /** Continue as after `count` numbers of 64 bits. */
  advance(count: number): this {
    const [times, plus] = [Uint32Array.of(1, 0, 0, 0), new Uint32Array(4)];
    const [factor, added] = [Uint32Array.from(MULTIPLIER), this.#increment.slice()];
    for (let left = count; left > 0; left = Math.floor(left / 2)) {
      if (left % 2 === 1) {
        multiply(times, factor);
        multiply(plus, factor);
        add(plus, added);
      }
      const next = factor.slice();
      add(next, [1, 0, 0, 0]);
      multiply(added, next);
      multiply(factor, factor.slice());
    }
    multiply(this.#state, times);
    add(this.#state, plus);
    this.#half = null;
    return this;
  }

  /** A uniform number in [0, 1), of 53 bits. */
  random(): number {
    this.#next();
    return (this.#high * 2 ** 21 + (this.#low >>> 11)) / 2 ** 53;
  }

  /** 32 random bits: the lower half of 64, then the upper. */
  next32(): number {
    if (this.#half !== null) {
      const half = this.#half;
      this.#half = null;
      return half;
    }
    this.#next();
    this.#half = this.#high;
    return this.#low;
  }

  #step(): void {
    multiply(this.#state, MULTIPLIER);
    add(this.#state, this.#increment);
  }

  /** The next 64 bits: both halves of the state combined, rotated by its upper six bits. */
  #next(): void {
    this.#step();
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = this.#state;
    const turn = s3 >>> 26;
    // Rotated right; by 32 bits and more, the halves change places first.
    const [low, high] = turn < 32 ? [s0 ^ s2, s1 ^ s3] : [s1 ^ s3, s0 ^ s2];
    const rest = turn & 31;
    this.#low = rest === 0 ? low >>> 0 : ((low >>> rest) | (high << (32 - rest))) >>> 0;
    this.#high = rest === 0 ? high >>> 0 : ((high >>> rest) | (low << (32 - rest))) >>> 0;
  }
}

/** Add a number of 128 bits in place, modulo 2^128. */
function add(to: Uint32Array, other: ArrayLike<number>): void {
  let carry = 0;
  for (let word = 0; word < 4; word++) {
    const sum = (to[word] ?? 0) + (other[word] ?? 0) + carry;
    to[word] = sum;
    carry = sum >= 2 ** 32 ? 1 : 0;
  }
}

/** Multiply by a number of 128 bits in place, modulo 2^128. */
function multiply(to: Uint32Array, other: ArrayLike<number>): void {
  const [a0 = 0, a1 = 0, a2 = 0, a3 = 0] = to;
  const words = [a0, a1, a2, a3];
  to.fill(0);
  for (let i = 0; i < 4; i++) {
    let carry = 0;
    for (let j = 0; i + j < 4; j++) {
      const [x, y] = [words[i] ?? 0, other[j] ?? 0];
      const low = imul(x, y) >>> 0;
      const sum = low + (to[i + j] ?? 0) + carry;
      to[i + j] = sum;
      carry = upperHalf(x, y) + (sum >= 2 ** 33 ? 2 : sum >= 2 ** 32 ? 1 : 0);
    }
  }
}

/** The upper 32 bits of the product of two numbers of 32 bits. */
function upperHalf(x: number, y: number): number {
  const [xLow, xHigh, yLow, yHigh] = [x & 0xffff, x >>> 16, y & 0xffff, y >>> 16];
  const middle = xHigh * yLow + ((xLow * yLow) >>> 16);
  const other = xLow * yHigh + (middle % 2 ** 16);
  return xHigh * yHigh + Math.floor(middle / 2 ** 16) + Math.floor(other / 2 ** 16);
}
