import { formatCount, formatMeasure, formatNats, formatPercent } from "@/lib/i18n/numbers";
import type { RunRecord } from "@/lib/run/run-record";
import { words as layerNormsWords } from "../layer-norms/words";
import { type Kind, type Limits, limitsOf, type Scalar } from "./scalars";
import { words } from "./words";

/** Returns a layer's name. The last row of the residual stream is the output of the last layer. */
export const layerName = (kind: Kind, layer: number, { layers }: Limits): string =>
  kind === "resid" && layer === layers ? words.out : String(layer);

/** Returns the layer and head of a scalar; empty if its kind has none. */
export function placeOf(scalar: Scalar, limits: Limits): string {
  const { kind, layer, head } = scalar;
  if (layer === undefined) return "";
  if (head !== undefined) return words.atHead(layer, head);
  return words.atLayer(layerName(kind, layer, limits));
}

export function nameOf(scalar: Scalar, limits: Limits): string {
  const { name } = words.kinds[scalar.kind];
  const place = placeOf(scalar, limits);
  return place ? `${name}, ${place}` : name;
}

/** Returns the unit of a kind. That of norms depends on the run's aggregation. */
export function unitOf(kind: Kind, { start }: RunRecord): string {
  const { unit } = words.kinds[kind];
  return unit || layerNormsWords.unit(start?.settings.aggregation ?? "l2");
}

/** Formats a value of this kind; NaN as a dash. */
export function sayValue(kind: Kind, value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (kind === "prob") return `${formatPercent(value)} %`;
  if (kind === "entropy" || kind === "head") return formatNats(value);
  return kind === "rank" ? formatCount(value) : formatMeasure(value);
}

/** Returns the name and unit of a scalar, for the table's header. */
export const columnName = (scalar: Scalar, run: RunRecord): string =>
  `${nameOf(scalar, limitsOf(run))} (${unitOf(scalar.kind, run)})`;
