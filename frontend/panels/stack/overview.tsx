import { type PointerEvent, useMemo } from "react";
import type { StackLayout } from "./layout";
import { bars } from "./paths";

interface OverviewProps {
  layout: StackLayout;
  /** The attention of the shown token on each position, as the mean of all heads; NaN if unknown. */
  weights: Float32Array;
  onSelect: (position: number) => void;
}

/** The whole context in one line: what attention reads, and which tokens have a column. */
export function Overview({ layout, weights, onSelect }: OverviewProps) {
  const { places, width, unit } = layout;
  const count = weights.length;
  const height = 22 * unit;
  const attention = useMemo(
    () => bars(weights, width, height - 4 * unit),
    [weights, width, height, unit],
  );
  const shown = places
    .map((place) => (place.kind === "token" ? place.position : -1))
    .filter((position) => position >= 0)
    .map(
      (position) =>
        `M${((position / count) * width).toFixed(1)} ${height - 1.5}h${(width / count).toFixed(1)}`,
    )
    .join("");
  const select = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    onSelect(Math.min(count - 1, Math.floor(((event.clientX - box.left) / box.width) * count)));
  };
  return (
    // The tokens are also in the text and in the timeline, which the keyboard reaches.
    <svg
      aria-hidden="true"
      data-overview
      className="w-full shrink-0 cursor-pointer"
      height={height}
      onPointerDown={select}
    >
      <path d={`M0 ${height - 4 * unit}H${width}`} className="stroke-rule" />
      <path d={attention} className="fill-attention" />
      <path d={shown} strokeWidth={3} className="stroke-edge" />
    </svg>
  );
}
