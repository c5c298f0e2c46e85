interface CurveProps {
  label: string;
  values: readonly number[];
  /** The index of the marked value. */
  shown: number;
  /** The height of a dashed line. */
  limit?: number;
}

const HEIGHT = 100;

/** Measured values from left to right, from 0 to their maximum. */
export function Curve({ label, values, shown, limit }: CurveProps) {
  const most = Math.max(...values, limit ?? 0) || 1;
  const x = (index: number) => (values.length < 2 ? 50 : (index / (values.length - 1)) * 100);
  const y = (value: number) => HEIGHT - (value / most) * HEIGHT * 0.94;
  const points = values.map((value, index) => `${x(index)},${y(value)}`).join(" ");
  const marked = values[shown];
  return (
    <div role="img" aria-label={label} className="relative px-1 py-1">
      <svg
        viewBox={`0 0 100 ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden
        className="h-20 w-full overflow-visible"
      >
        <g fill="none" vectorEffect="non-scaling-stroke">
          <line
            x1="0"
            x2="100"
            y1={HEIGHT}
            y2={HEIGHT}
            className="stroke-rule"
            vectorEffect="non-scaling-stroke"
          />
          {limit !== undefined && (
            <line
              x1="0"
              x2="100"
              y1={y(limit)}
              y2={y(limit)}
              strokeDasharray="4 3"
              className="stroke-quiet"
              vectorEffect="non-scaling-stroke"
            />
          )}
          <polyline
            points={points}
            strokeWidth="1.75"
            className="stroke-ink"
            vectorEffect="non-scaling-stroke"
          />
          {marked !== undefined && (
            <line
              x1={x(shown)}
              x2={x(shown)}
              y1={y(marked)}
              y2={HEIGHT}
              strokeWidth="2"
              className="stroke-ink"
              vectorEffect="non-scaling-stroke"
            />
          )}
        </g>
      </svg>
    </div>
  );
}
