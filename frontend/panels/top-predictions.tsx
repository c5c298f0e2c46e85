"use client";

import { memo, useRef, useState } from "react";
import { Bars } from "@/components/predictions/bars";
import { Head } from "@/components/predictions/head";
import { Row } from "@/components/predictions/row";
import { placeOfSaid, ROW_PX } from "@/components/predictions/rows";
import { RowsPicture } from "@/components/predictions/rows-picture";
import { SaidMark } from "@/components/predictions/said-mark";
import { Skeleton } from "@/components/predictions/skeleton";
import { walkRows } from "@/components/predictions/walk-rows";
import { classNames } from "@/components/ui/class-names";
import { useElementSize } from "@/components/use-element-size";
import { useHeld } from "@/components/use-held";
import { useMoving } from "@/components/use-moving";
import { useRested } from "@/components/use-rested";
import { usePictured } from "@/lib/export/pixel-ratio";
import type { TokenFrame } from "@/lib/run/frames";
import { isBusy } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { visible } from "@/lib/text/characters";
import { type PanelProps, worded } from "./panel";
import { predictionsTable } from "./tables";

const words = text.panels.predictions;

function TopPredictions({ frame, run, live }: PanelProps) {
  if (!frame) return <Skeleton breathing={isBusy(run)} />;
  return <Predictions frame={frame} live={live} />;
}

interface PredictionsProps {
  frame: TokenFrame;
  live: boolean;
}

function Predictions({ frame, live }: PredictionsProps) {
  const [list, { width, height }] = useElementSize<HTMLDivElement>();
  const [scrolled, setScrolled] = useState(false);
  const table = useRef<HTMLTableElement>(null);
  const [held, holding] = useHeld();
  const pictured = usePictured();
  const moving = useMoving(frame) && !live && !held && !pictured;
  const rested = useRested(frame);
  const said = placeOfSaid(frame);
  const { length } = frame.top;
  // While somebody scrubs, rows below the edge, half of all, wait until the tokens rest.
  const inSight =
    live || scrolled || height === 0 ? length : Math.min(length, Math.ceil(height / ROW_PX));
  return (
    <div className="flex h-full flex-col">
      <div
        ref={list}
        className="scroll-thin contain-strict -mr-2 min-h-0 flex-1 basis-0 overflow-y-auto pr-2"
        tabIndex={0}
        role="group"
        aria-label={words.tableLabel}
        onScroll={(event) => setScrolled(event.currentTarget.scrollTop > 0)}
        {...holding}
      >
        <div className="relative isolate">
          {moving ? (
            <RowsPicture frame={frame} count={inSight} table={table} width={width} />
          ) : (
            said >= 0 && <SaidMark place={said} rows={length} />
          )}
          <table ref={table} className={classNames("block w-full", moving && "invisible")}>
            <Head />
            <Rows frame={frame} inSight={inSight} rested={rested} waiting={moving} />
          </table>
          {/* Drawn anew when the rows rest: they would be seen to grow from where they were before. */}
          {!moving && <Bars candidates={frame.top} />}
        </div>
      </div>
      <p className="h-6 truncate pt-2 text-quiet text-xs">
        {said < 0 && words.outside(visible(frame.label), frame.rank)}
      </p>
    </div>
  );
}

interface RowsProps {
  frame: TokenFrame;
  /** What the rows out of sight show. */
  rested: TokenFrame;
  inSight: number;
  /** Whether nobody sees them. */
  waiting: boolean;
}

const Rows = memo(
  function Rows({ frame, rested, inSight }: RowsProps) {
    return (
      <tbody className="block" onKeyDown={walkRows}>
        {frame.top.map((_, place) => (
          // The place, not the token: rows stay where they are and their bars move.
          <Row key={place} place={place} frame={place < inSight ? frame : rested} />
        ))}
      </tbody>
    );
  },
  (_, { waiting }) => waiting,
);

export const topPredictionsPanel = worded(words, {
  id: "top-predictions",
  unit: () => words.unit,
  captures: ["predictions"],
  open: true,
  table: predictionsTable,
  Component: TopPredictions,
});
