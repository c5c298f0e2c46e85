/** Encodes arrays of measurements as the contract does (`mav_engine/contract/arrays.py`). */
import type { WireArray, WirePackedArray } from "@/lib/contract/schemas";
import { LIMITS } from "./facts";
import { roundHalfEven } from "./generation/rounding";
import { shortestDecimal } from "./generation/shortest-decimal";

const HALF_MAX = 65504;
const HALF_TINY = 2 ** -14;
const NO_LIMIT = Number.POSITIVE_INFINITY;

/**
 * Encodes float32 numbers in C order. Few are JSON numbers, more are half precision, and more than
 * `bytesAbove` shares (from 0 to 1) are bytes.
 */
export function toWire(
  values: Float32Array,
  shape: readonly number[],
  bytesAbove = NO_LIMIT,
): WireArray {
  if (values.length <= LIMITS.plain_numbers) return plain(values, shape) as WireArray;
  if (values.every(Number.isFinite)) {
    return values.length > bytesAbove ? inBytes(values, shape) : inHalves(values, shape);
  }
  if (shape.length === 1) return plain(values, shape) as WireArray;
  const [count = 0, ...rest] = shape;
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => {
    const row = values.subarray(i * size, (i + 1) * size);
    // JSON has no Infinity.
    const finite = row.map((value) => (Number.isFinite(value) ? value : Number.NaN));
    return finite.every(Number.isNaN) ? null : toWire(finite, rest, bytesAbove);
  }) as WireArray;
}

type Nested = number | null | Nested[];

function plain(values: Float32Array, shape: readonly number[]): Nested {
  const [count = 0, ...rest] = shape;
  if (rest.length === 0) return Array.from(values, shortest);
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => {
    const row = values.subarray(i * size, (i + 1) * size);
    return row.length > 0 && row.every(Number.isNaN) ? null : plain(row, rest);
  });
}

/** The shortest decimal that is the same in float32, such as 0.1; null if it is not finite. */
export const shortest = (value: number): number | null =>
  Number.isFinite(value) ? shortestDecimal(value) : null;

function inBytes(values: Float32Array, shape: readonly number[]): WirePackedArray {
  let peak = LIMITS.least_peak;
  for (const value of values) if (value > peak) peak = value;
  const scale = roundedUp(peak / 255);
  const factor = Math.fround(1 / scale);
  const data = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    data[i] = roundHalfEven(Math.fround((values[i] ?? 0) * factor));
  }
  return { shape: [...shape], dtype: "u8", scale, data: base64(data) };
}

/** Rounds up to 16 binary digits, so that the product with a byte is exact in float32. */
function roundedUp(value: number): number {
  let unit = 2 ** (Math.floor(Math.log2(value)) + 1 - 16);
  if (value < unit * 2 ** 15) unit /= 2;
  return Math.ceil(value / unit) * unit;
}

function inHalves(values: Float32Array, shape: readonly number[]): WirePackedArray {
  let peak = 0;
  for (const value of values) if (Math.abs(value) > peak) peak = Math.abs(value);
  // Values are scaled into the normal range of half precision, to keep all digits.
  const scaled = peak > HALF_MAX || (peak > 0 && peak < HALF_TINY * 1024);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    halves[i] = half(scaled ? Math.fround(value / peak) : value);
  }
  const packed = { shape: [...shape], dtype: "f16" as const };
  const data = base64(new Uint8Array(halves.buffer));
  return scaled ? { ...packed, scale: peak, data } : { ...packed, data };
}

const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);

/** The bits of a float32 in half precision, rounded to the nearest one, halves to the even one. */
function half(value: number): number {
  FLOAT[0] = value;
  const bits = BITS[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const rest = bits & 0x7fffffff;
  if (rest < 0x38800000) return sign | roundHalfEven(Math.abs(value) * 2 ** 24);
  return sign | ((rest - 0x38000000 + 0xfff + ((rest >>> 13) & 1)) >>> 13);
}

/** Two hexadecimal digits a byte. */
export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const CHUNK = 8192;

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  }
  return btoa(text);
}
