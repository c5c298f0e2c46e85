import type { TokenFrame } from "@/lib/run/frames";
import { growDomain, type ToldDomain } from "@/lib/scales/told-domain";
import { fixedMax, idOf, readScalar, type Scalar } from "./scalars";

/** A scalar over all tokens received so far. */
export interface Column {
  /** One number a token; NaN where there is none. */
  readonly values: Float32Array;
  /** From 0 to its `max`; absent where no token has a number. */
  readonly domain: ToldDomain | undefined;
  /** Tokens of the least and the greatest number, -1 where there is none. */
  readonly lowest: number;
  readonly highest: number;
}

interface Growing {
  room: Float32Array;
  length: number;
  domain: ToldDomain | undefined;
  lowest: number;
  highest: number;
}

/** By the run's own list of tokens, which is only ever appended to: each is read once. */
const kept = new WeakMap<readonly TokenFrame[], Map<string, Growing>>();

/** The scalar of the first `count` tokens of a run. */
export function columnOf(
  frames: readonly TokenFrame[],
  scalar: Scalar,
  count = frames.length,
): Column {
  const columns = kept.get(frames) ?? new Map<string, Growing>();
  kept.set(frames, columns);
  const id = idOf(scalar);
  const growing = columns.get(id) ?? begin(scalar);
  columns.set(id, growing);
  while (growing.length < count) append(growing, scalar, frames[growing.length] as TokenFrame);
  const { room, domain, lowest, highest, length } = growing;
  return { values: room.subarray(0, length), domain, lowest, highest };
}

function begin({ kind }: Scalar): Growing {
  const max = fixedMax(kind);
  const domain = max === null ? undefined : { max, since: 0 };
  return { room: new Float32Array(64), length: 0, domain, lowest: -1, highest: -1 };
}

function append(growing: Growing, scalar: Scalar, frame: TokenFrame): void {
  const at = growing.length;
  if (at === growing.room.length) {
    const larger = new Float32Array(2 * at);
    larger.set(growing.room);
    growing.room = larger;
  }
  const value = readScalar(scalar, frame);
  growing.room[at] = value;
  growing.length = at + 1;
  if (!Number.isFinite(value)) return;
  const { room } = growing;
  growing.domain = growDomain(growing.domain, [value], at);
  if (growing.lowest < 0 || value < (room[growing.lowest] as number)) growing.lowest = at;
  if (growing.highest < 0 || value > (room[growing.highest] as number)) growing.highest = at;
}

/**
 * How many tokens the axis has room for: steps of doubling while the run goes on, so that it seldom
 * moves, never more than it can write, and just those that it wrote once it has ended.
 */
export function tokenRoom(tokens: number, most: number, busy: boolean): number {
  if (!busy) return Math.max(2, tokens);
  let room = 32;
  while (room < tokens) room *= 2;
  return Math.max(2, tokens, Math.min(room, most));
}
