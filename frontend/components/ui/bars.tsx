import { classNames } from "./class-names";

interface BarsProps {
  /** The length of each bar as a share of the room, 0 to 1; what is no number has no length. */
  shares: readonly number[];
  /** Where a bar begins and ends across its row or column, as shares of that. */
  from: number;
  to: number;
  /** Colour and place. */
  className: string;
}

const SHAPE = "bars pointer-events-none absolute fill-current";

/**
 * Bars that grow to the right, one a row, drawn as one shape over their rows. Each bar as an element
 * of its own would have its style resolved anew at every step, which for sixty of them is most of
 * the time that a frame has.
 */
export function RowBars({ shares, from, to, className }: BarsProps) {
  const bars = shares.map((share, row) => `M0 ${row + from}H${lengthOf(share)}V${row + to}H0Z`);
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 1 ${shares.length}`}
      preserveAspectRatio="none"
      className={classNames(SHAPE, className)}
    >
      <path d={bars.join("")} />
    </svg>
  );
}

/** The same, growing upwards, one a column. */
export function ColumnBars({ shares, from, to, className }: BarsProps) {
  const bars = shares.map(
    (share, column) => `M${column + from} 1V${1 - lengthOf(share)}H${column + to}V1Z`,
  );
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${shares.length} 1`}
      preserveAspectRatio="none"
      className={classNames(SHAPE, className)}
    >
      <path d={bars.join("")} />
    </svg>
  );
}

/** As a share of its room. */
export const lengthOf = (share: number): number =>
  Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;

interface LineBarsProps extends Pick<BarsProps, "shares" | "className"> {
  /** How thick at most, in CSS; the box around needs a size of its own (`container-type: size`). */
  thickness: string;
}

/** Bars to the right that are half as thick as their row, and never thicker than asked. */
export function LineBars({ shares, thickness, className }: LineBarsProps) {
  const lines = shares.map((share, row) => `M0 ${row + 0.5}H${lengthOf(share)}`);
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 1 ${shares.length}`}
      preserveAspectRatio="none"
      className={classNames("bars pointer-events-none absolute stroke-current", className)}
      style={{ strokeWidth: `min(${thickness}, ${50 / shares.length}cqh)` }}
    >
      <path d={lines.join("")} fill="none" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
