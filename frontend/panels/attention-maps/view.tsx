"use client";

import { ChevronLeft, ChevronRight } from "lucide-react";
import {
  type PointerEvent,
  useDeferredValue,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { GridCell } from "@/components/charts/grid-keys";
import { useElementSize } from "@/components/hooks/use-element-size";
import { Button } from "@/components/ui/button";
import { rampGradient } from "@/lib/colour/ramp";
import type { Matrix } from "@/lib/contract/frames";
import { usePixelRatio } from "@/lib/export/pixel-ratio";
import { formatPercent } from "@/lib/i18n/numbers";
import type { RunRecord } from "@/lib/run/run-record";
import { visible } from "@/lib/text/characters";
import { useShownTheme } from "@/lib/theme/use-theme";
import { leavesOutFirst } from "@/panels/attention-shared/choice";
import { AttentionControls } from "@/panels/attention-shared/controls";
import { fitting, mapOf } from "@/panels/attention-shared/pattern";
import {
  type Snapshot,
  snapshotAt,
  snapshotsOf,
  tokenAt,
} from "@/panels/attention-shared/run-tokens";
import { ScaleLegend } from "@/panels/attention-shared/scale-legend";
import { readingName, useAttentionChoice } from "@/panels/attention-shared/use-choice";
import { useGridCursor } from "@/panels/attention-shared/use-grid-cursor";
import { words as attentionWords } from "@/panels/attention-shared/words";
import { NotMeasured } from "@/panels/not-measured";
import type { PanelProps } from "../panel";
import { paintMap } from "./map-picture";
import { words as attentionMapsWords } from "./words";

export { mapTable as table } from "./table";

/** The minimum size in pixels of rows and columns that are labelled with their tokens. */
const LABEL_SIZE = 11;

/** Shows the newest attention map captured up to the current step. */
export default function AttentionMaps({ run, step, select }: PanelProps) {
  const snapshots = useMemo(() => snapshotsOf(run), [run]);
  // Deferred, because the map of a large model has millions of numbers and would slow down
  // scrubbing.
  const snapshot = useDeferredValue(snapshotAt(snapshots, step));
  if (!snapshot) return <NotMeasured run={run} probe="attention_map" />;
  return (
    <div className="flex h-full flex-col">
      <AttentionControls shares={snapshot.map} />
      <Chooser run={run} snapshots={snapshots} snapshot={snapshot} select={select} />
      <MapPicture run={run} snapshot={snapshot} />
    </div>
  );
}

interface ChooserProps {
  run: RunRecord;
  snapshots: readonly Snapshot[];
  snapshot: Snapshot;
  select: PanelProps["select"];
}

/** Shows which map this is and buttons for its neighbours, or how to capture more maps. */
function Chooser({ run, snapshots, snapshot, select }: ChooserProps) {
  const words = attentionMapsWords;
  const at = snapshots.findIndex(({ step }) => step === snapshot.step);
  const when = snapshot.step < 0 ? words.ofPrompt : words.taken(snapshot.step);
  const onlyPrompt = run.start?.settings.attn_every === 0;
  // The prompt's map has the step -1; step 0 shows it too.
  const go = (to: Snapshot | undefined) => to && select(Math.max(0, to.step));
  return (
    <div className="mb-1 min-h-7 text-quiet text-xs">
      {onlyPrompt ? (
        <p data-export="skip">{words.howToGet}</p>
      ) : (
        <div className="flex items-center gap-1">
          <p className="mr-1">{words.covers(snapshot.map.shape[2] ?? 0, when)}</p>
          <Button
            icon
            variant="quiet"
            className="size-7"
            aria-label={words.previous}
            title={words.previous}
            disabled={at <= 0}
            onClick={() => go(snapshots[at - 1])}
          >
            <ChevronLeft size={14} aria-hidden />
          </Button>
          <span className="figures">{words.count(at + 1, snapshots.length)}</span>
          <Button
            icon
            variant="quiet"
            className="size-7"
            aria-label={words.next}
            title={words.next}
            disabled={at >= snapshots.length - 1}
            onClick={() => go(snapshots[at + 1])}
          >
            <ChevronRight size={14} aria-hidden />
          </Button>
        </div>
      )}
    </div>
  );
}

function MapPicture({ run, snapshot }: { run: RunRecord; snapshot: Snapshot }) {
  const words = attentionMapsWords;
  const theme = useShownTheme();
  const ratio = usePixelRatio();
  const { reading, scale, firstLeftOut } = useAttentionChoice();
  const { layer, head } = fitting(reading, snapshot.map);
  const leaveOutFirst = leavesOutFirst(firstLeftOut, { layer, head });
  const map = useMemo(() => mapOf(snapshot.map, { layer, head }), [snapshot.map, layer, head]);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [box, size] = useElementSize<HTMLDivElement>();
  const [most, setMost] = useState(1);
  const say = (cell: GridCell) => sayCell(run, map, cell);
  const { cell, setCell, said, onKeyDown } = useGridCursor(map, say);
  const name = readingName({ layer, head });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another size is another picture
  useLayoutEffect(() => {
    if (!canvas.current) return;
    setMost(paintMap(canvas.current, { map, scale, leaveOutFirst, theme, ratio }));
  }, [map, scale, leaveOutFirst, theme, ratio, size]);
  return (
    <>
      <div className="grid min-h-0 flex-1 grid-cols-[auto_minmax(0,1fr)] grid-rows-[minmax(6rem,1fr)_auto]">
        <Labels run={run} count={map.rows} length={size.height} axis="query" />
        <div
          ref={box}
          role="group"
          tabIndex={0}
          aria-label={words.pictureLabel(map.rows, name)}
          onPointerMove={(event) => setCell(cellUnder(event, map))}
          onPointerLeave={() => setCell(null)}
          onKeyDown={onKeyDown}
          className="relative cursor-crosshair touch-pan-y overflow-hidden rounded-[3px] bg-well/50"
        >
          <canvas ref={canvas} aria-hidden className="absolute inset-0 size-full" />
          {cell && <Outline cell={cell} map={map} />}
          <span aria-live="polite" className="sr-only">
            {said}
          </span>
        </div>
        <div className="col-start-2">
          <Labels run={run} count={map.columns} length={size.width} axis="key" />
        </div>
      </div>
      <div className="pt-2 text-micro text-quiet">
        <p className="figures truncate text-ink">
          {cell ? say(cell) : <span data-export="skip">{words.point}</span>}
        </p>
        <div className="flex flex-wrap items-end justify-between gap-x-4">
          <p className="min-h-8 min-w-0 flex-1 basis-44">
            {name}
            {leaveOutFirst && ` · ${attentionWords.leftOutNotes.always}`}
            {most > 1 && ` · ${words.binned(most)}`}
          </p>
          <ScaleLegend gradient={rampGradient("attention", theme)} />
        </div>
      </div>
    </>
  );
}

function cellUnder(event: PointerEvent, { rows, columns }: Matrix): GridCell {
  const box = event.currentTarget.getBoundingClientRect();
  const place = (share: number, n: number) => Math.max(0, Math.min(n - 1, Math.floor(share * n)));
  return {
    row: place((event.clientY - box.top) / box.height, rows),
    column: place((event.clientX - box.left) / box.width, columns),
  };
}

function sayCell(run: RunRecord, map: Matrix, { row, column }: GridCell): string {
  const words = attentionMapsWords;
  const label = (place: number) => visible(tokenAt(run, place)?.label ?? "");
  if (column > row) return words.ahead(label(row), label(column));
  const share = map.values[row * map.columns + column] ?? Number.NaN;
  if (Number.isNaN(share)) return attentionWords.none;
  return words.cell(label(row), label(column), formatPercent(share));
}

function Outline({ cell, map }: { cell: GridCell; map: Matrix }) {
  return (
    <span
      aria-hidden
      className="pointer-events-none absolute outline-2 outline-ink"
      style={{
        top: `${(cell.row / map.rows) * 100}%`,
        left: `${(cell.column / map.columns) * 100}%`,
        width: `${100 / map.columns}%`,
        height: `${100 / map.rows}%`,
      }}
    />
  );
}

interface LabelsProps {
  run: RunRecord;
  count: number;
  /** The length of the axis in pixels. */
  length: number;
  axis: "query" | "key";
}

/** Labels an axis with its tokens if there is room; otherwise with its name. */
function Labels({ run, count, length, axis }: LabelsProps) {
  const words = attentionMapsWords;
  const upright = axis === "query";
  if (length / count < LABEL_SIZE) {
    return (
      <p
        aria-hidden
        className={
          upright
            ? "w-5 rotate-180 text-center text-micro text-quiet [writing-mode:vertical-rl]"
            : "h-5 pt-0.5 text-center text-micro text-quiet"
        }
      >
        {words[axis]} →
      </p>
    );
  }
  return (
    <div
      aria-hidden
      className={`figures flex text-[0.625rem] present:text-micro text-quiet leading-none ${upright ? "h-full w-16 flex-col pr-1.5" : "h-14 pt-1"}`}
    >
      {Array.from({ length: count }, (_, place) => (
        <span
          key={place}
          className={
            upright
              ? "flex min-h-0 flex-1 items-center justify-end"
              : "flex min-w-0 flex-1 justify-center"
          }
        >
          <span
            className={
              upright ? "truncate" : "max-h-full overflow-hidden [writing-mode:vertical-rl]"
            }
          >
            {visible(tokenAt(run, place)?.label ?? "")}
          </span>
        </span>
      ))}
    </div>
  );
}
