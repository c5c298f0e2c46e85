"use client";

import { useLayoutEffect, useState } from "react";
import { promptLength, type RunRecord } from "@/lib/run/run-record";
import type { ChosenHead } from "@/panels/attention-shared/chosen-head";
import { LEAST_SHARE, type Source, sourcesOfHead } from "@/panels/attention-shared/sources";
import type { ChipPositions } from "../chip-positions";
import { type TokenBox, textArc } from "./arc-paths";

interface HeadArcsProps {
  run: RunRecord;
  step: number;
  chosen: ChosenHead;
  /** The positions of the tokens in the text, over which this is drawn. */
  chips: ChipPositions;
}

interface Arc extends Source {
  readonly box: TokenBox;
  readonly path: string;
}

interface Drawn {
  readonly query: TokenBox;
  readonly arcs: readonly Arc[];
}

/**
 * The arcs of a head over the text, from the token whose attention was measured, which is the one
 * before the shown token, to those that it reads.
 */
export default function HeadArcs({ run, step, chosen, chips }: HeadArcsProps) {
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const { layer, head } = chosen;
  useLayoutEffect(() => {
    const draw = () => setDrawn(drawnOf(run, step, { layer, head }, chips));
    draw();
    return chips.onMoved(draw);
  }, [run, step, layer, head, chips]);
  if (!drawn) return null;
  const { query, arcs } = drawn;
  return (
    <svg
      aria-hidden="true"
      data-head-arcs
      overflow="hidden"
      className="pointer-events-none absolute inset-0 size-full print:hidden"
    >
      {arcs.map(({ position, share, box, path }) => (
        <g key={position} data-position={position}>
          {position > 0 && <Mark box={box} className="fill-attention/15" />}
          <path
            d={path}
            fill="none"
            strokeLinecap="round"
            {...(position === 0
              ? { className: "stroke-edge", strokeWidth: 1.25, strokeDasharray: "2 4" }
              : { className: "stroke-attention", strokeWidth: 1 + 5 * share, opacity: 0.8 })}
          />
        </g>
      ))}
      <Mark box={query} className="fill-none stroke-attention" />
    </svg>
  );
}

function Mark({ box, className }: { box: TokenBox; className: string }) {
  const { left, top, bottom, width } = box;
  return (
    <rect
      x={left - 0.5}
      y={top}
      width={width + 1}
      height={bottom - top}
      rx={3}
      strokeWidth={1.5}
      className={className}
    />
  );
}

function drawnOf(
  run: RunRecord,
  step: number,
  { layer, head }: Pick<ChosenHead, "layer" | "head">,
  chips: ChipPositions,
): Drawn | null {
  const frame = run.frames[step];
  const sources = frame && sourcesOfHead(frame, layer, head);
  const at = promptLength(run) + step - 1;
  const query = chips.boxOf(at, run.frames);
  if (!sources || !query) return null;
  const { first, others } = sources;
  const all = first >= LEAST_SHARE && at > 0 ? [{ position: 0, share: first }, ...others] : others;
  const arcs = all.flatMap((source) => {
    const box = chips.boxOf(source.position, run.frames);
    return box ? [{ ...source, box, path: textArc(box, query) }] : [];
  });
  return { query, arcs };
}
