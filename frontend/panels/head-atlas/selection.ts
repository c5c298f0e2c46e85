import { BADGES, type Badge, type BadgeSums, badgesOf, meanOf } from "./badges";
import { type EntropySums, meanEntropy } from "./entropy";

/** By what heads are sorted: layer by layer, by the mean weight of a badge, or by entropy. */
export const ORDERS = ["layer", ...BADGES, "entropy"] as const;
export type Order = (typeof ORDERS)[number];

export interface Head {
  readonly layer: number;
  readonly head: number;
}

/** Which heads are shown, and in which order. */
export interface Selection {
  readonly order: Order;
  /** Only heads with this badge; null for all. */
  readonly badge: Badge | null;
  /** The first and the last layer shown; null for all. */
  readonly layers: readonly [first: number, last: number] | null;
}

export const ALL_HEADS: Selection = { order: "layer", badge: null, layers: null };

/** Whether the heads are in a grid of layers and heads; otherwise one after the other. */
export const isGrid = ({ order, badge }: Selection): boolean => order === "layer" && badge === null;

/** Returns the first and the last shown layer of a model with `count` layers. */
export function layersShown({ layers }: Selection, count: number): [number, number] {
  const last = Math.min(layers?.[1] ?? count - 1, count - 1);
  return [Math.max(0, Math.min(layers?.[0] ?? 0, last)), last];
}

/**
 * Returns the heads of a selection. Those without the quantity that sorts them are last: the largest
 * mean weight is first, or the smallest entropy.
 */
export function headsOf(
  selection: Selection,
  badges: BadgeSums,
  entropies: EntropySums | null,
): Head[] {
  const { order, badge } = selection;
  const [first, last] = layersShown(selection, badges.layers);
  const found: Head[] = [];
  for (let layer = first; layer <= last; layer++) {
    for (let head = 0; head < badges.heads; head++) {
      if (badge === null || badgesOf(badges, layer, head).includes(badge)) {
        found.push({ layer, head });
      }
    }
  }
  if (order === "layer") return found;
  const rank = ({ layer, head }: Head): number => {
    const value =
      order === "entropy"
        ? meanEntropy(entropies, layer, head)
        : -meanOf(badges, order, layer, head);
    return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
  };
  const ranks = new Map(found.map((head) => [head, rank(head)]));
  return found.sort((a, b) => {
    const [one, other] = [ranks.get(a) as number, ranks.get(b) as number];
    return one < other ? -1 : one > other ? 1 : 0;
  });
}

/** Returns how many heads of the shown layers have each badge. */
export function countsOf(selection: Selection, badges: BadgeSums): Record<Badge, number> {
  const all = headsOf({ ...selection, badge: null, order: "layer" }, badges, null);
  const counts = Object.fromEntries(BADGES.map((badge) => [badge, 0])) as Record<Badge, number>;
  for (const { layer, head } of all) {
    for (const badge of badgesOf(badges, layer, head)) counts[badge] += 1;
  }
  return counts;
}
