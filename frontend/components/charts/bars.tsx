import { classNames } from "@/components/ui/class-names";

interface BarsProps {
  /**
   * Length of each bar, as a share of the available width or height (0 to 1). Bars whose share is
   * not finite have length 0.
   */
  shares: readonly number[];
  /** Where a bar begins and ends within its row or column, from 0 to 1. */
  from: number;
  to: number;
  /** Sets colour and position. */
  className: string;
}

const SHAPE = "bars pointer-events-none absolute fill-current";

/**
 * Horizontal bars, one per row, drawn as one SVG path. With one element per bar, the browser would
 * recompute the styles of sixty elements at every step, which takes most of a frame's time.
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

/** Vertical bars, one per column, drawn as one SVG path. */
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

/** Returns the share limited to 0 to 1, and 0 if it is not finite. */
export const lengthOf = (share: number): number =>
  Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;

interface LineBarsProps extends Pick<BarsProps, "shares" | "className"> {
  /** Maximum thickness, as a CSS length. The parent needs `container-type: size`. */
  thickness: string;
}

/** Horizontal bars that are half as thick as their row, but at most `thickness`. */
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

/**
 * A dot per row instead of a bar, for scales without a zero, where a length would mean nothing.
 * Rows whose share is not finite have none.
 */
export function LineDots({ shares, thickness, className }: LineBarsProps) {
  const dots = shares.map((share, row) =>
    Number.isFinite(share) ? `M${lengthOf(share)} ${row + 0.5}h0` : "",
  );
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 1 ${shares.length}`}
      preserveAspectRatio="none"
      className={classNames("bars pointer-events-none absolute overflow-visible", className)}
      style={{ strokeWidth: `min(${thickness}, ${90 / shares.length}cqh)` }}
    >
      <path
        d={dots.join("")}
        fill="none"
        className="stroke-current"
        strokeLinecap="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
