"use client";

import { scaleLinear } from "d3-scale";
import { type CSSProperties, type KeyboardEvent, type PointerEvent, useRef } from "react";
import { classNames } from "@/components/ui/class-names";
import { words as timelineWords } from "@/features/timeline/words";
import type { Divergence } from "@/lib/contract/parse-compare-event";
import { niceMax } from "@/lib/scales/nice";
import { visible } from "@/lib/text/characters";
import { keyedStep } from "@/lib/timeline/range";
import { formatDivergence } from "./format";
import { firstDifference, lengthOf, type Records } from "./pair";
import { words as compareWords } from "./words";

interface DivergenceChartProps {
  records: Records;
  divergences: readonly Divergence[];
  step: number;
  /** Whether there are divergences. If not, the chart only marks tokens that differ. */
  measured: boolean;
  onStep: (step: number) => void;
}

/** Shows the divergence at each token. Choosing a token shows it in both runs. */
export function DivergenceChart(props: DivergenceChartProps) {
  const { records, divergences, step, onStep } = props;
  const area = useRef<HTMLDivElement>(null);
  const words = compareWords.chart;
  const length = lengthOf(records);
  const divergence = firstDifference(records);
  const max = scaleOf(divergences);
  const point = (event: PointerEvent) => {
    const box = area.current?.getBoundingClientRect();
    if (!box || (event.type === "pointermove" && event.buttons !== 1)) return;
    const share = (event.clientX - box.left) / box.width;
    onStep(Math.max(0, Math.min(length - 1, Math.floor(share * length))));
  };
  const walk = (event: KeyboardEvent) => {
    const next = keyedStep(event.key, step, length - 1);
    if (next === null || length === 0) return;
    event.preventDefault();
    onStep(next);
  };
  return (
    <div className="flex gap-2">
      <div
        aria-hidden
        className="figures flex w-9 shrink-0 flex-col justify-between pb-4 text-right text-micro text-quiet leading-none"
      >
        <span>{max === null ? "" : formatDivergence(max)}</span>
        <span>{max === null ? "" : "0"}</span>
      </div>
      <div className="min-w-0 flex-1">
        <div
          ref={area}
          role="slider"
          tabIndex={length > 0 ? 0 : -1}
          aria-label={words.label}
          aria-disabled={length === 0}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, length - 1)}
          aria-valuenow={Math.max(0, step)}
          aria-valuetext={length > 0 ? sayStep(props) : timelineWords.steps.none}
          onKeyDown={walk}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            point(event);
          }}
          onPointerMove={point}
          className={classNames(
            "relative cursor-ew-resize touch-pan-y border-edge/60 border-b bg-well/40",
            props.measured ? "h-24" : "h-8",
          )}
        >
          {length > 0 && <Bars {...props} length={length} max={max ?? 1} />}
          {divergence !== null && (
            <span
              aria-hidden
              className="absolute inset-y-0 border-accent/70 border-l border-dashed"
              style={{ left: `${(divergence / length) * 100}%` }}
            />
          )}
          {step >= 0 && length > 0 && (
            <span
              aria-hidden
              className="pointer-events-none absolute inset-y-0 border-accent border-x-[1.5px] bg-accent/10"
              style={{
                left: `${(step / length) * 100}%`,
                width: `max(3px, ${100 / length}%)`,
              }}
            />
          )}
        </div>
        <div
          aria-hidden
          className="figures relative mt-1 flex justify-between text-micro text-quiet"
        >
          <span>0</span>
          {divergence !== null && (
            <span
              className="absolute whitespace-nowrap bg-sheet px-1 font-sans text-accent-strong"
              style={besideLine(divergence / length)}
            >
              {words.divergesAt(divergence)}
            </span>
          )}
          <span>{length > 0 ? length - 1 : ""}</span>
        </div>
      </div>
    </div>
  );
}

/** Positions a label to the left of its line near the right edge, so that it is not cut off. */
const besideLine = (share: number): CSSProperties =>
  share > 0.6 ? { right: `${(1 - share) * 100}%` } : { left: `${share * 100}%` };

/** Bars after the texts have diverged are faint, because they compare different contexts. */
function Bars({
  records,
  divergences,
  measured,
  length,
  max,
}: DivergenceChartProps & { length: number; max: number }) {
  const tall = scaleLinear([0, max], [0, 1]);
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${length} 1`}
      preserveAspectRatio="none"
      className="absolute inset-0 size-full"
    >
      {divergences.map(({ index, kl, sameText, sameTop }) => (
        <g key={index}>
          {kl !== null && (
            <rect
              x={index + 0.1}
              width={0.8}
              y={1 - tall(kl)}
              height={tall(kl)}
              className={sameText ? "fill-data" : "fill-data-soft"}
            />
          )}
          {sameTop === false && (
            <rect x={index + 0.1} width={0.8} y={0} height={0.04} className="fill-accent" />
          )}
        </g>
      ))}
      {!measured &&
        Array.from({ length }, (_, index) => (
          <rect
            key={index}
            x={index + 0.1}
            width={0.8}
            y={0.72}
            height={0.28}
            className={
              records.a.frames[index]?.id === records.b.frames[index]?.id
                ? "fill-data-soft"
                : "fill-accent"
            }
          />
        ))}
    </svg>
  );
}

function scaleOf(divergences: readonly Divergence[]): number | null {
  const largest = Math.max(0, ...divergences.map(({ kl }) => kl ?? 0));
  return largest > 0 ? niceMax(largest) : null;
}

function sayStep({ records, divergences, step }: DivergenceChartProps): string {
  const label = (side: "a" | "b") => visible(records[side].frames[step]?.label ?? "–");
  const kl = divergences[step]?.kl;
  return compareWords.chart.say(
    step,
    label("a"),
    label("b"),
    kl === null || kl === undefined ? null : formatDivergence(kl),
  );
}
