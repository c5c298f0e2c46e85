/**
 * numpy's normal numbers in single precision: the ziggurat of Marsaglia and Tsang (2000) with 256
 * layers, as in `default_rng(seed).standard_normal(shape, dtype=np.float32)`.
 */

import { Pcg64 } from "./pcg64";

const { fround } = Math;

/** Where the tail begins. */
const TAIL = 3.6541528853610088;
/** The area of each layer. */
const AREA = 0.00492867323399;
/** Numbers of 23 bits place a point in a layer. */
const PLACES = 2 ** 23;

interface Layers {
  /** The width of a place in each layer. */
  readonly widths: Float32Array;
  /** Places below this are within the curve. */
  readonly inside: Uint32Array;
  /** The curve's height at the end of each layer. */
  readonly heights: Float32Array;
}

const LAYERS = layers();

/** Normal numbers with mean 0 and deviation 1, of this seed. */
export function standardNormals(entropy: readonly number[], count: number): Float32Array {
  const random = new Pcg64(...entropy);
  return Float32Array.from({ length: count }, () => standardNormal(random));
}

/** The next normal number of a generator. */
export function standardNormal(random: Pcg64): number {
  for (;;) {
    const bits = random.next32();
    const layer = bits & 0xff;
    const place = (bits >>> 9) & (PLACES - 1);
    const size = fround(place * (LAYERS.widths[layer] ?? 0));
    const x = bits & 0x100 ? -size : size;
    if (place < (LAYERS.inside[layer] ?? 0)) return x;
    if (layer === 0) return tail(random, ((place >>> 8) & 1) === 1);
    const [low, high] = [LAYERS.heights[layer] ?? 0, LAYERS.heights[layer - 1] ?? 0];
    const height = fround(fround(fround(high - low) * uniform(random)) + low);
    if (height < Math.exp(-0.5 * x * x)) return x;
  }
}

function tail(random: Pcg64, negative: boolean): number {
  for (;;) {
    const beyond = fround(-fround(1 / TAIL) * fround(Math.log1p(-uniform(random))));
    const height = fround(-Math.log1p(-uniform(random)));
    if (fround(height + height) > fround(beyond * beyond)) {
      const x = fround(fround(TAIL) + beyond);
      return negative ? -x : x;
    }
  }
}

/** A uniform number in [0, 1), of 24 bits. */
function uniform(random: Pcg64): number {
  return (random.next32() >>> 8) / 2 ** 24;
}

function layers(): Layers {
  const [widths, inside, heights] = [
    new Float32Array(256),
    new Uint32Array(256),
    new Float32Array(256),
  ];
  const curve = (x: number) => Math.exp(-0.5 * x * x);
  const base = AREA / curve(TAIL);
  inside[0] = (TAIL / base) * PLACES;
  inside[1] = 0;
  widths[0] = base / PLACES;
  widths[255] = TAIL / PLACES;
  heights[0] = 1;
  heights[255] = curve(TAIL);
  let before = TAIL;
  for (let layer = 254; layer >= 1; layer--) {
    const x = Math.sqrt(-2 * Math.log(AREA / before + curve(before)));
    inside[layer + 1] = (x / before) * PLACES;
    heights[layer] = curve(x);
    widths[layer] = x / PLACES;
    before = x;
  }
  return { widths, inside, heights };
}
