import { Fragment } from "react";
import { classNames } from "@/components/ui/class-names";
import type { Candidate } from "@/lib/contract";
import type { TokenFrame } from "@/lib/contract/frames";
import { formatPercent } from "@/lib/i18n/numbers";
import { shortLabel } from "@/lib/text/characters";
import { candidateY, type StackLayout } from "./layout";
import { CHARACTER, cut, PERCENT } from "./picture-text";

/** The likeliest tokens as bars, above the shown column. The chosen token is always among them. */
export function Candidates({ layout, frame }: { layout: StackLayout; frame: TokenFrame }) {
  const rows = shownCandidates(frame, layout.candidates);
  const largest = Math.max(...rows.map(({ prob }) => prob), 0.01);
  const { unit } = layout;
  const x = layout.x + Math.min(26 * unit, layout.columnWidth / 2) + 2;
  const room = layout.width - x - 4;
  const bars = Math.min(110 * unit, room * (layout.single ? 0.18 : 0.3));
  const y = (row: number) => candidateY(layout, row);
  const middle = y((layout.candidates - 1) / 2);
  return (
    <>
      <path
        d={`M${layout.x} ${layout.top}C${layout.x} ${layout.top - 40 * unit} ${layout.x} ${middle} ${x - 4} ${middle}`}
        fill="none"
        strokeWidth={3 * unit}
        className="stroke-accent"
      />
      {rows.map(({ id, text, prob }, row) => {
        const bar = Math.max(1.5, (bars * prob) / largest);
        const characters = Math.max(
          3,
          Math.floor((room - bar - PERCENT * unit) / (CHARACTER.small * unit)),
        );
        return (
          <Fragment key={id}>
            <rect
              x={x}
              y={y(row) - 6 * unit}
              width={bar}
              height={12 * unit}
              rx={2}
              className={id === frame.id ? "fill-accent" : "fill-data/60"}
            />
            <text
              x={x + bar + 6 * unit}
              y={y(row)}
              dominantBaseline="central"
              className={classNames(
                "text-xs",
                id === frame.id ? "fill-accent-strong font-semibold" : "fill-ink",
              )}
            >
              {cut(shortLabel(text), characters)}
              <tspan className="figures fill-quiet font-normal text-micro" dx={6 * unit}>
                {formatPercent(prob)}
                {"\u00a0%"}
              </tspan>
            </text>
          </Fragment>
        );
      })}
    </>
  );
}

/**
 * Returns the likeliest tokens, at most `count`; the last is replaced by the chosen token if that is
 * not among them.
 */
export function shownCandidates(
  frame: TokenFrame,
  count: number,
): Pick<Candidate, "id" | "text" | "prob">[] {
  const first = frame.top.slice(0, count);
  if (first.some(({ id }) => id === frame.id)) return first;
  const chosen = { id: frame.id, text: frame.label, prob: frame.prob };
  return [...first.slice(0, count - 1), chosen];
}
