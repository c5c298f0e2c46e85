"use client";

import { memo, useRef, useState } from "react";
import { useDebounced } from "@/components/hooks/use-debounced";
import { useElementSize } from "@/components/hooks/use-element-size";
import { classNames } from "@/components/ui/class-names";
import type { TokenFrame } from "@/lib/contract/frames";
import { usePictured } from "@/lib/export/pixel-ratio";
import { formatNats } from "@/lib/i18n/numbers";
import { isBusy } from "@/lib/run/run-record";
import { visible } from "@/lib/text/characters";
import { NotAvailable } from "../not-available";
import type { PanelProps } from "../panel";
import { Bars } from "./bars";
import { ChosenMark } from "./chosen-mark";
import { Head } from "./head";
import { Row } from "./row";
import { indexOfChosen, NAME_WIDTH, ROW_PX } from "./rows";
import { RowsPicture } from "./rows-picture";
import { Skeleton } from "./skeleton";
import { useHoverOrFocus } from "./use-hover-or-focus";
import { useRapidUpdates } from "./use-rapid-updates";
import { walkRows } from "./walk-rows";
import { words } from "./words";

export default function TopPredictions({ frame, run, live }: PanelProps) {
  if (!frame) return <Skeleton breathing={isBusy(run)} />;
  if (frame.top.length === 0) {
    return <NotAvailable why={frame.forced ? "given" : "logprobs"} />;
  }
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
  const [held, holding] = useHoverOrFocus();
  const pictured = usePictured();
  const moving = useRapidUpdates(frame) && !live && !held && !pictured;
  const rested = useDebounced(frame);
  const said = indexOfChosen(frame);
  const { length } = frame.top;
  // During scrubbing, rows below the visible area (about half of all) are updated only when the
  // tokens settle.
  const inSight =
    live || scrolled || height === 0 ? length : Math.min(length, Math.ceil(height / ROW_PX));
  return (
    <div className="flex h-full flex-col">
      <div
        ref={list}
        className="@container scroll-thin contain-strict -mr-2 min-h-0 flex-1 basis-0 overflow-y-auto [overflow-anchor:none] pr-2"
        tabIndex={0}
        role="group"
        aria-label={words.tableLabel}
        onScroll={(event) => setScrolled(event.currentTarget.scrollTop > 0)}
        {...holding}
      >
        <div className={classNames("relative isolate", NAME_WIDTH)}>
          {moving ? (
            <RowsPicture frame={frame} count={inSight} table={table} width={width} />
          ) : (
            said >= 0 && <ChosenMark place={said} rows={length} />
          )}
          <table ref={table} className={classNames("block w-full", moving && "invisible")}>
            <Head />
            <Rows frame={frame} inSight={inSight} rested={rested} waiting={moving} />
          </table>
          {/* Rendered again after rapid updates; otherwise the bars would animate from their
              old lengths. */}
          {!moving && <Bars candidates={frame.top} />}
        </div>
      </div>
      <p className="h-6 truncate pt-2 text-quiet text-xs">
        {said < 0
          ? words.outside(visible(frame.label), frame.rank)
          : frame.entropyBound !== undefined &&
            words.bound(formatNats(frame.entropyBound), frame.top.length)}
      </p>
    </div>
  );
}

interface RowsProps {
  frame: TokenFrame;
  /** The frame that rows outside the visible area show. */
  rested: TokenFrame;
  inSight: number;
  /** Whether the rows are hidden, so that they need no update. */
  waiting: boolean;
}

const Rows = memo(
  function Rows({ frame, rested, inSight }: RowsProps) {
    return (
      <tbody className="block" onKeyDown={walkRows}>
        {frame.top.map((_, place) => (
          // Keyed by place instead of token, so that rows stay in place and their bars move.
          <Row key={place} place={place} frame={place < inSight ? frame : rested} />
        ))}
      </tbody>
    );
  },
  (_, { waiting }) => waiting,
);
