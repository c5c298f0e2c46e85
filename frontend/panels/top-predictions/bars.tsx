import { RowBars } from "@/components/charts/bars";
import { classNames } from "@/components/ui/class-names";
import type { Candidate } from "@/lib/contract";
import { BARS, ROW_PX } from "./rows";

/** The bars of both probabilities, drawn over their column. The axis is always 0 to 100 %. */
export function Bars({ candidates }: { candidates: readonly Candidate[] }) {
  const place = "inset-0 size-full";
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute bottom-0 left-[calc(var(--name)+0.5rem)] w-[calc(100%-var(--name)-10.75rem)] overflow-hidden rounded-[2px] look:w-[calc(100%-var(--name)-8rem)]"
      style={{ height: `${1.625 * candidates.length}rem` }}
    >
      <RowBars
        shares={candidates.map(({ prob }) => prob)}
        from={BARS.model.from / ROW_PX}
        to={BARS.model.to / ROW_PX}
        className={classNames(place, "text-data")}
      />
      <RowBars
        shares={candidates.map(({ sampled_prob: drawn }) => drawn)}
        from={BARS.drawn.from / ROW_PX}
        to={BARS.drawn.to / ROW_PX}
        className={classNames(place, "text-accent")}
      />
    </div>
  );
}
