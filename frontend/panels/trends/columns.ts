import { cache, objectCache } from "@/lib/caching/cache";
import type { TokenFrame } from "@/lib/contract/frames";
import { growDomain, type StickyDomain } from "@/lib/scales/sticky-domain";
import { fixedMax, idOf, readScalar, type Scalar } from "./scalars";

/** The values of a scalar for all tokens received so far. */
export interface Column {
  /** One value per token; NaN where there is none. */
  readonly values: Float32Array;
  /** The axis from 0 to `max`; undefined if no token has a value. */
  readonly domain: StickyDomain | undefined;
  /** The tokens with the smallest and the largest value; -1 if there is none. */
  readonly lowest: number;
  readonly highest: number;
}

interface Growing {
  room: Float32Array;
  length: number;
  domain: StickyDomain | undefined;
  lowest: number;
  highest: number;
}

/** The columns of each run, by its append-only list of frames. Each frame is read once. */
const columns = objectCache<readonly TokenFrame[], ReturnType<typeof cache<string, Growing>>>();

/** Returns the column of a scalar for the first `count` tokens. */
export function columnOf(
  frames: readonly TokenFrame[],
  scalar: Scalar,
  count = frames.length,
): Column {
  const ofRun = columns(frames, () => cache());
  const growing = ofRun(idOf(scalar), () => begin(scalar));
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
 * Returns the number of tokens that the axis spans. During a run it doubles when needed, so that it
 * seldom changes, up to the run's limit; after the run it is the number of tokens.
 */
export function tokenRoom(tokens: number, most: number, busy: boolean): number {
  if (!busy) return Math.max(2, tokens);
  let room = 32;
  while (room < tokens) room *= 2;
  return Math.max(2, tokens, Math.min(room, most));
}
