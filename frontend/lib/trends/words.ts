import type { RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { formatCount, formatMeasure, formatNats, formatPercent } from "@/lib/text/numbers";
import { type Kind, type Limits, limitsOf, type Scalar } from "./scalars";

/** A layer's name; what leaves the last layer is the residual stream's last row. */
export const layerName = (kind: Kind, layer: number, { layers }: Limits): string =>
  kind === "resid" && layer === layers ? text.panels.trends.out : String(layer);

/** Which of its kind a scalar is; empty where there is only one. */
export function placeOf(scalar: Scalar, limits: Limits): string {
  const words = text.panels.trends;
  const { kind, layer, head } = scalar;
  if (layer === undefined) return "";
  if (head !== undefined) return words.atHead(layer, head);
  return words.atLayer(layerName(kind, layer, limits));
}

export function nameOf(scalar: Scalar, limits: Limits): string {
  const { name } = text.panels.trends.kinds[scalar.kind];
  const place = placeOf(scalar, limits);
  return place ? `${name}, ${place}` : name;
}

/** The unit of a kind; sizes of vectors are by the run's aggregation. */
export function unitOf(kind: Kind, { start }: RunRecord): string {
  const { unit } = text.panels.trends.kinds[kind];
  return unit || text.panels.layers.unit(start?.settings.aggregation ?? "l2");
}

/** A number of this kind as it is read, NaN as a dash. */
export function sayValue(kind: Kind, value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (kind === "prob") return `${formatPercent(value)} %`;
  if (kind === "entropy" || kind === "head") return formatNats(value);
  return kind === "rank" ? formatCount(value) : formatMeasure(value);
}

/** The columns that the panel shows, by name and unit, of every token. */
export const columnName = (scalar: Scalar, run: RunRecord): string =>
  `${nameOf(scalar, limitsOf(run))} (${unitOf(scalar.kind, run)})`;
