import { type StackLayout, yOf } from "./layout";
import { words } from "./part-words/words";

/** The opacity of the shade where two streams are as far apart as the first is long. */
export const DIFFERENCE_SHADE = 0.5;

interface DifferencesProps {
  layout: StackLayout;
  distances: Float32Array;
}

/** How far the residual streams of two runs are apart after each band, as a shade behind the column. */
export default function Differences({ layout, distances }: DifferencesProps) {
  return layout.bands.map(({ first, last }, i) => (
    <rect
      key={first}
      x={layout.x - layout.columnWidth / 2}
      width={layout.columnWidth}
      y={yOf(layout, i, 1)}
      height={layout.bandHeight}
      className="fill-ink"
      opacity={DIFFERENCE_SHADE * Math.min(1, distances[last + 1] ?? 0)}
    />
  ));
}

/** What the shade means. */
export function DifferenceLegend() {
  return (
    <span className="flex items-center gap-1">
      <svg aria-hidden="true" width="10" height="10">
        <rect width="10" height="10" rx="2" className="fill-ink" opacity={DIFFERENCE_SHADE} />
      </svg>
      {words.differenceLegend}
    </span>
  );
}
