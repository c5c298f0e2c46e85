import { formatPercent } from "@/lib/i18n/numbers";
import { BADGES, type Badge, type BadgeSums, LEAST_MEAN, LEAST_QUERIES, meanOf } from "./badges";
import { words } from "./labels/words";
import type { Head, Order } from "./selection";

/** Returns the mean weight of a badge in percent; with "≥" if it is a lower bound. */
export function meanText(badges: BadgeSums, badge: Badge, { layer, head }: Head): string {
  const mean = meanOf(badges, badge, layer, head);
  return badges.bounds[badge] ? words.atLeast(formatPercent(mean)) : formatPercent(mean);
}

/** Returns the same without decimals, for a corner. */
export function wholeMean(badges: BadgeSums, badge: Badge, { layer, head }: Head): string {
  const percent = (meanOf(badges, badge, layer, head) * 100).toFixed(0);
  return badges.bounds[badge] ? words.atLeast(percent) : percent;
}

/** How a badge is computed, and from which mean on a head has it. */
export const definitionOf = (badge: Badge): string =>
  `${words.definitions[badge]} ${words.rule((LEAST_MEAN * 100).toFixed(0), LEAST_QUERIES)}`;

export const orderName = (order: Order): string =>
  order === "layer" || order === "entropy" ? words.orders[order] : words.badges[order];

/** Returns the name of a head with all its mean weights, for screen readers. */
export function sentenceOf(badges: BadgeSums, head: Head): string {
  const name = words.name(head.layer, head.head);
  const means = BADGES.filter((badge) => badges.queries[badge] > 0).map((badge) =>
    words.mean(words.badges[badge], meanText(badges, badge, head)),
  );
  return isAbsent(badges, head) ? `${name}: ${words.absent}` : `${name}: ${means.join(", ")}`;
}

/** Whether a head was not measured, such as one of a layer without attention. */
export const isAbsent = ({ heads, sums, queries }: BadgeSums, { layer, head }: Head): boolean =>
  queries.first > 0 && Number.isNaN(sums.first[layer * heads + head]);
