import { lazy, Suspense } from "react";
import { CloseButton } from "@/components/ui/button";
import type { HeadPlace } from "./facts";
import { RANKS } from "./paths";
import { RANK_FILL } from "./picture";
import { words } from "./words";

/** Loaded in a comparison. */
const DifferenceLegend = lazy(async () => {
  const { DifferenceLegend } = await import("./differences");
  return { default: DifferenceLegend };
});

interface LegendProps {
  /** The head whose arcs are shown; null for the mean of every layer. */
  head: HeadPlace | null;
  /** Shows the mean again. */
  onClear: (() => void) | undefined;
  /** Whether the distance from another run is shown. */
  difference: boolean;
}

/** Explains colours and shapes of the picture. */
export function Legend({ head, onClear, difference }: LegendProps) {
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-0.5 pt-1 text-micro text-quiet">
      <span className="flex flex-wrap items-center gap-x-1.5">
        {words.rankLegend}
        {RANKS.filter((rank) => rank !== "unknown").map((rank) => (
          <span key={rank} className="figures flex items-center gap-1 whitespace-nowrap">
            <svg aria-hidden="true" width="10" height="10">
              <rect width="10" height="10" rx="2" className={RANK_FILL[rank]} />
            </svg>
            {words.ranks[rank]}
          </span>
        ))}
      </span>
      <span className="flex items-center gap-1">
        <Mark
          label={head ? words.headLegend(head.layer, head.head) : words.arcLegend}
          d="M1 3Q9 11 17 3"
          className="stroke-attention"
          width={3}
        />
        {head && onClear && (
          <CloseButton label={words.clearHead} onClick={onClear} className="size-6" />
        )}
      </span>
      {head && (
        <Mark
          label={words.otherLegend}
          d="M1 3Q9 11 17 3"
          className="stroke-attention/25"
          width={3}
        />
      )}
      <Mark label={words.firstLegend} d="M1 3Q9 11 17 3" className="stroke-edge" dashed />
      <span className="flex items-center gap-1">
        <svg aria-hidden="true" width="10" height="10">
          <circle cx="5" cy="5" r="4" className="fill-stream" />
        </svg>
        {words.mlpLegend}
      </span>
      {difference && (
        <Suspense>
          <DifferenceLegend />
        </Suspense>
      )}
    </div>
  );
}

interface MarkProps {
  label: string;
  d: string;
  className: string;
  width?: number;
  dashed?: boolean;
}

function Mark({ label, d, className, width = 1.25, dashed = false }: MarkProps) {
  return (
    <span className="flex items-center gap-1">
      <svg aria-hidden="true" width="18" height="10">
        <path
          d={d}
          fill="none"
          strokeWidth={width}
          strokeDasharray={dashed ? "2 3" : undefined}
          className={className}
        />
      </svg>
      {label}
    </span>
  );
}
