import type { LensRow } from "@/lib/contract/frames";
import type { Source } from "@/panels/attention-shared/sources";
import type { BandFacts } from "./facts";
import { AT, type StackLayout, xOf, yOf } from "./layout";

const n = (value: number): string => value.toFixed(1);

/** The classes of rank that have a colour of their own. */
export const RANKS = ["top", "near", "far", "lost", "unknown"] as const;
export type RankClass = (typeof RANKS)[number];

/** The first rank of the classes after "top". */
export const RANK_EDGES = { near: 1, far: 10, lost: 100 } as const;

export function rankClass(lens: LensRow | null): RankClass {
  if (lens === null) return "unknown";
  if (lens.rank < RANK_EDGES.near) return "top";
  if (lens.rank < RANK_EDGES.far) return "near";
  return lens.rank < RANK_EDGES.lost ? "far" : "lost";
}

/** The width of the ribbon of a column that was not measured. */
const UNMEASURED = 5;
const LEAST_WIDTH = 3;

/** Returns the width of a ribbon: proportional to log(1 + size), at most half of a column. */
export function ribbonWidth(size: number, largest: number, columnWidth: number): number {
  if (!Number.isFinite(size) || largest <= 0) return UNMEASURED;
  const share = Math.log1p(size) / Math.log1p(largest);
  return LEAST_WIDTH + share * (Math.min(44, columnWidth * 0.5) - LEAST_WIDTH);
}

/** Returns the paths of a column's residual stream by the class of its colour. */
export function ribbonPaths(
  layout: StackLayout,
  x: number,
  facts: readonly (BandFacts | null)[],
  largest: number,
): Map<RankClass, string> {
  const paths = new Map<RankClass, string>();
  facts.forEach((each, i) => {
    const [low, high] = [each?.before, each?.after].map(
      (size) => ribbonWidth(size ?? Number.NaN, largest, layout.columnWidth) / 2,
    ) as [number, number];
    const y = yOf(layout, i);
    const end = yOf(layout, i + 1);
    const middle = n((y + end) / 2);
    const side = (from: number, to: number, toY: number) =>
      `C${n(x + from)} ${middle} ${n(x + to)} ${middle} ${n(x + to)} ${n(toY)}`;
    const path = `M${n(x - low)} ${n(y)}${side(-low, -high, end)}H${n(x + high)}${side(high, low, y)}Z`;
    const of = rankClass(each?.lens ?? null);
    paths.set(of, (paths.get(of) ?? "") + path);
  });
  return paths;
}

/** Returns a circle as a path, so that many circles are one element. */
export const circlePath = (x: number, y: number, r: number): string =>
  `M${n(x - r)} ${n(y)}a${n(r)} ${n(r)} 0 1 0 ${n(2 * r)} 0a${n(r)} ${n(r)} 0 1 0 ${n(-2 * r)} 0Z`;

/** The share at which a dot has its largest radius. */
const FULL_DOT = 1;

/** Returns the radius of the dot of an MLP, whose area is proportional to the share it adds. */
export function dotRadius({ bandHeight, unit }: StackLayout, share: number): number {
  if (!Number.isFinite(share)) return 0;
  const largest = Math.min(10 * unit, bandHeight * 0.3);
  return Math.max(1, largest * Math.sqrt(Math.min(FULL_DOT, share) / FULL_DOT));
}

interface Dot {
  readonly x: number;
  readonly y: number;
  readonly r: number;
}

/** Returns the dot of the MLP of a band in the column at `x`; null if it was not measured. */
export function dotOf(
  layout: StackLayout,
  x: number,
  index: number,
  facts: BandFacts | null | undefined,
  largest: number,
): Dot | null {
  const r = dotRadius(layout, facts?.mlp ?? Number.NaN);
  if (r === 0 || !facts) return null;
  const width = ribbonWidth(facts.after, largest, layout.columnWidth);
  return { x: x + width / 2 + 8, y: yOf(layout, index, AT.mlp), r };
}

/** Returns the arc from a source to the shown column, below the straight line between them. */
export function arcPath(layout: StackLayout, index: number, { position }: Source): string | null {
  const from = xOf(layout, position);
  if (from === null) return null;
  const y = yOf(layout, index, AT.attention);
  const { x } = layout;
  // The token reads its own position, too, which has no room for an arc.
  if (from === x) return null;
  const sag = Math.min(layout.bandHeight * 0.9, 8 + (x - from) * 0.06);
  return `M${n(from)} ${n(y)}Q${n((from + x) / 2)} ${n(y + sag)} ${n(x)} ${n(y)}`;
}

/** The opacity of arcs beside those of a chosen head. */
export const FAINT = 0.18;

export const arcWidth = (share: number): number => 1 + 6 * share;

/**
 * Returns a bar per value from the left to the right, standing on `height`. The first token, which
 * heads often read without need, and missing values have none.
 */
export function bars(values: Float32Array, width: number, height: number): string {
  const slot = width / Math.max(1, values.length);
  const largest = values.slice(1).reduce((most, value) => (value > most ? value : most), 0);
  if (largest === 0) return "";
  return [...values]
    .map((value, place) => {
      if (place === 0 || !(value > 0)) return "";
      const high = (value / largest) * height;
      return `M${n(place * slot)} ${n(height)}v${n(-high)}h${n(Math.max(1, slot))}v${n(high)}Z`;
    })
    .join("");
}
