/** Golden runs, and the comparison of events with theirs. */
import type { RunRequest } from "@/lib/contract";
import { golden } from "./goldens.fixture";

/** An event as it is sent. */
export type Fields = Readonly<Record<string, unknown>> & { readonly type: string };

export interface GoldenRun {
  readonly settings: RunRequest;
  readonly events: readonly Fields[];
}

export const goldenRuns = (): readonly GoldenRun[] =>
  golden<{ runs: readonly GoldenRun[] }>("runs").runs;

export const idsOf = (events: readonly Fields[]): number[] =>
  events.filter(({ type }) => type === "token").map(({ token }) => (token as { id: number }).id);

/** The largest relative difference; the engines add in other orders. */
const TOLERANCE = 1e-4;

/** Fields that are others each time, or that only a server fills in. */
const UNREPEATABLE = new Set([
  "timing",
  "prefill_ms",
  "elapsed_ms",
  "tokens_per_second",
  "run_id",
  "model",
]);

/**
 * The difference of numbers near zero. Attention weights have five decimals; a cell of a tile, in
 * deviations, is a difference of larger numbers.
 */
const leastOf = (path: string): number => (/attention_sources|tiles/.test(path) ? 1.01e-5 : 1e-6);

/** Returns where two events differ; null if they are the same but for rounding. */
export function difference(own: unknown, expected: unknown, path: string): string | null {
  if (typeof own === "number" && typeof expected === "number") {
    if (Number.isInteger(expected) && Number.isInteger(own) && own !== expected)
      return `${path}: ${own} is not ${expected}`;
    const size = Math.max(Math.abs(own), Math.abs(expected));
    if (Math.abs(own - expected) <= Math.max(TOLERANCE * size, leastOf(path))) return null;
    return `${path}: ${own} is not ${expected}`;
  }
  if (isPacked(own) && isPacked(expected)) return packedDifference(own, expected, path);
  if (own && expected && typeof own === "object" && typeof expected === "object") {
    const keys = (value: object) => Object.keys(value).filter((key) => !UNREPEATABLE.has(key));
    if (keys(own).sort().join() !== keys(expected).sort().join())
      return `${path}: has ${keys(own)}, not ${keys(expected)}`;
    for (const key of keys(own)) {
      const found = difference(
        (own as Record<string, unknown>)[key],
        (expected as Record<string, unknown>)[key],
        `${path}.${key}`,
      );
      if (found) return found;
    }
    return null;
  }
  return own === expected
    ? null
    : `${path}: ${JSON.stringify(own)} is not ${JSON.stringify(expected)}`;
}

interface Packed {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly scale?: number;
  readonly data: string;
}

const isPacked = (value: unknown): value is Packed =>
  typeof value === "object" && value !== null && "dtype" in value && "data" in value;

/** Packed numbers may be one step of their type apart. */
function packedDifference(own: Packed, expected: Packed, path: string): string | null {
  if (own.shape.join() !== expected.shape.join() || own.dtype !== expected.dtype)
    return `${path}: ${own.shape} of ${own.dtype} is not ${expected.shape} of ${expected.dtype}`;
  const [one, other] = [numbersOf(own), numbersOf(expected)];
  for (let i = 0; i < one.length; i++) {
    const [a = 0, b = 0] = [one[i], other[i]];
    const step = own.dtype === "u8" ? (own.scale ?? 1) : Math.max(Math.abs(a), Math.abs(b)) / 1024;
    if (Math.abs(a - b) > step * 1.01 + leastOf(path)) return `${path}[${i}]: ${a} is not ${b}`;
  }
  return null;
}

function numbersOf({ dtype, scale = 1, data }: Packed): number[] {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  if (dtype === "u8") return Array.from(bytes, (byte) => byte * scale);
  const halves = new Uint16Array(bytes.buffer);
  return Array.from(halves, (half) => scale * single(half));
}

function single(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
