"use client";

import {
  type KeyboardEvent,
  lazy,
  type PointerEvent,
  Suspense,
  useMemo,
  useRef,
  useState,
} from "react";
import { useElementSize } from "@/components/hooks/use-element-size";
import type { PromptFrame } from "@/lib/contract/frames";
import { isBusy, promptLength } from "@/lib/run/run-record";
import { shortLabel } from "@/lib/text/characters";
import type { ChosenHead } from "@/panels/attention-shared/chosen-head";
import { sourcesOfHead } from "@/panels/attention-shared/sources";
import { useChosenHead } from "@/panels/attention-shared/use-chosen-head";
import { lazyPart } from "@/panels/lazy-panel";
import { NotMeasured } from "@/panels/not-measured";
import { useDifference } from "../difference-context";
import type { PanelProps } from "../panel";
import { attentionByPosition, hasSources, predictedAt, strongSources } from "./facts";
import { layOutStack, NARROW, type StackLayout } from "./layout";
import { Legend } from "./legend";
import { Outline } from "./outline";
import { Overview } from "./overview";
import type { Zoom } from "./part-details";
import { Picture } from "./picture";
import { Scheme } from "./scheme";
import { headlineOf, PARTS, type Part, type Spot } from "./sentences";
import { layerCount } from "./table";
import { words } from "./words";

export { stackTable as table } from "./table";

/** Loaded when a part is opened. */
const PartDetails = lazy(() => import("./part-details"));

/** Loaded when a part is pointed at. */
const SpotSentence = lazyPart(() => import("./spot-sentence"));

/** How many sources can get a column of their own. */
const ANCHORS = 4;

export default function Stack({ run, step, frame, live, select }: PanelProps) {
  const [zoom, setZoom] = useState<Zoom | null>(null);
  if (!frame) return <Scheme run={run} />;
  if (!frame.layers.residNorm && !hasSources(frame) && !frame.logitLens) {
    return <NotMeasured run={run} probe="residual" />;
  }
  return zoom ? (
    <Suspense>
      <PartDetails run={run} step={step} zoom={zoom} onZoom={setZoom} />
    </Suspense>
  ) : (
    <Model run={run} step={step} live={live} select={select} onZoom={setZoom} />
  );
}

/** A layer that is shown by itself, and the head that was chosen when it was opened. */
interface Opened {
  readonly layer: number;
  readonly with: ChosenHead | null;
}

interface ModelProps extends Pick<PanelProps, "run" | "step" | "live" | "select"> {
  onZoom: (zoom: Zoom) => void;
}

function Model({ run, step, live, select, onZoom }: ModelProps) {
  const [box, size] = useElementSize<HTMLDivElement>();
  const [spot, setSpot] = useState<Spot | null>(null);
  const [said, setSaid] = useState<Spot | null>(null);
  const layers = layerCount(run);
  const last = predictedAt(run, step);
  const frame = run.frames[step];
  const head = useHead(layers);
  const strong = useMemo(() => {
    if (!frame) return [];
    const own = head ? (sourcesOfHead(frame, head.layer, head.head)?.others ?? []) : [];
    return [...own.map(({ position }) => position), ...strongSources(frame, ANCHORS * 4)];
  }, [frame, head]);
  const inPrompt = useMemo(() => largestOf(run.prompt), [run.prompt]);
  const largest = Math.max(run.domains.residNorm?.max ?? 1, inPrompt);
  const [opened, setOpened] = useState<Opened | null>(null);
  // A head that is chosen later opens its own layer.
  const open =
    opened && opened.with === head ? opened.layer : (head?.layer ?? opened?.layer ?? null);
  const layout = useMemo(
    () => layOutStack(size, last, layers, strong, open),
    [size, last, layers, strong, open],
  );
  const difference = useDifference();
  const weights = useMemo(
    () => (frame ? attentionByPosition(frame, last + 1) : new Float32Array()),
    [frame, last],
  );
  const selectAt = (position: number) => {
    const index = position + 1 - promptLength(run);
    if (index >= 0) select(index);
  };
  const choose = ({ band, part, position }: Spot) => {
    if (band.first !== band.last) {
      // The next Enter opens the layer itself.
      setSpot({ band: { first: band.first, last: band.first }, part, position });
      return setOpened({ layer: band.first, with: head });
    }
    if (position !== last) return selectAt(position);
    onZoom({ layer: band.first, part });
  };
  const move = (by: 1 | -1) => {
    const next = step + by;
    if (next < 0 || next >= run.frames.length) return;
    setSpot(null);
    select(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && spot) return choose(spot);
    if (event.key === "Escape") return head?.clear();
    const next = spotAfter(layout, spot, event.key);
    if (!next) return;
    event.preventDefault();
    if (layout.single && SIDEWAYS[event.key]) return move(SIDEWAYS[event.key] as 1 | -1);
    setSpot(next);
    setSaid(next);
  };
  const swipe = useSwipe(move);
  const headline = headlineOf(run, step, head).join(" ");
  const narrow = size.width < NARROW * size.unit;
  const isCut = layout.single ? last > 0 : layout.places.some(({ kind }) => kind === "gap");
  const [hint, overview] = layout.single
    ? [words.hintOfOne, words.overviewOfOne]
    : [words.hint, words.overview];
  return (
    // While a head is chosen Escape clears it; otherwise it stops the run.
    <div className="flex h-full flex-col" data-popup={head ? "" : undefined}>
      {narrow && <p className="mb-2 text-small leading-snug">{headline}</p>}
      <div
        ref={box}
        role="group"
        tabIndex={0}
        aria-label={words.pictureLabel(shortLabel(frame?.label ?? ""))}
        onPointerMove={(event) => setSpot(spotUnder(event, layout))}
        onPointerLeave={() => setSpot(null)}
        onPointerDown={swipe.down}
        onPointerUp={swipe.up}
        onClick={(event) => {
          if (swipe.wasSwipe()) return;
          const under = spotUnder(event as unknown as PointerEvent, layout);
          if (under) choose(under);
        }}
        onKeyDown={onKeyDown}
        className="contain-strict relative min-h-0 flex-1 basis-0 cursor-pointer touch-pan-y"
      >
        {!narrow && (
          <p
            className="absolute top-0 left-0 text-balance pr-4 text-small leading-snug"
            style={{ width: layout.x - layout.columnWidth / 2 }}
          >
            {headline}
          </p>
        )}
        {size.width > 0 && (
          <Picture
            {...{ run, step, layout, difference, head }}
            largest={largest}
            pulse={live && isBusy(run)}
          />
        )}
        {spot && <Outline {...{ run, spot, layout, largest }} />}
        <span aria-live="polite" className="sr-only">
          {said && (
            <Suspense>
              <SpotSentence run={run} spot={said} />
            </Suspense>
          )}
        </span>
      </div>
      {isCut && <Overview layout={layout} weights={weights} onSelect={selectAt} />}
      <p className="line-clamp-2 min-h-8 pt-1 text-quiet text-xs leading-4">
        {spot ? (
          <Suspense>
            <SpotSentence run={run} spot={spot} head={head} />
          </Suspense>
        ) : (
          <span data-export="skip">{isCut ? `${hint} ${overview}` : hint}</span>
        )}
      </p>
      <Legend difference={difference !== null} head={head} onClear={head?.clear} />
    </div>
  );
}

/** Keys that show another token where the picture has one column. */
const SIDEWAYS: Readonly<Record<string, 1 | -1>> = { ArrowLeft: -1, ArrowRight: 1 };

/** How far a finger moves sideways to show the next token, in pixels. */
const SWIPE = 36;

/** Calls `move` with 1 after a swipe to the left, and with -1 after one to the right. */
function useSwipe(move: (by: 1 | -1) => void) {
  const from = useRef<{ x: number; y: number } | null>(null);
  const swiped = useRef(false);
  return {
    down: (event: PointerEvent) => {
      swiped.current = false;
      from.current = event.pointerType === "touch" ? { x: event.clientX, y: event.clientY } : null;
    },
    up: (event: PointerEvent) => {
      if (!from.current) return;
      const [x, y] = [event.clientX - from.current.x, event.clientY - from.current.y];
      from.current = null;
      if (Math.abs(x) < SWIPE || Math.abs(x) < 2 * Math.abs(y)) return;
      swiped.current = true;
      move(x < 0 ? 1 : -1);
    },
    /** The browser also sends a click after a swipe. */
    wasSwipe: () => swiped.current,
  };
}

/** Returns the head chosen in an attention panel, if this model has its layer. */
function useHead(layers: number) {
  const chosen = useChosenHead();
  return chosen && chosen.layer < layers ? chosen : null;
}

/** Returns the size of the largest residual stream in the columns of the prompt. */
function largestOf(prompt: PromptFrame | null): number {
  const columns = prompt?.columns ?? [];
  return Math.max(0, ...columns.flatMap(({ layers }) => [...(layers.residNorm ?? [])]));
}

function spotUnder(event: PointerEvent, layout: StackLayout): Spot | null {
  const box = event.currentTarget.getBoundingClientRect();
  const x = event.clientX - box.left;
  const up = (layout.bottom - (event.clientY - box.top)) / layout.bandHeight;
  const band = layout.bands[Math.floor(up)];
  if (!band || up < 0) return null;
  const right = layout.x + layout.columnWidth / 2;
  const part: Part =
    x > right ? "stream" : (PARTS[Math.floor((up % 1) * PARTS.length)] ?? "stream");
  const [only] = layout.places;
  if (layout.single && only?.kind === "token") {
    const isLeft = x < layout.x - layout.columnWidth / 2;
    return { band, part: isLeft ? "attention" : part, position: only.position };
  }
  const near = layout.places.findLast(
    (place) => place.kind === "token" && place.x - layout.columnWidth / 2 <= x,
  );
  return near?.kind === "token" ? { band, part, position: near.position } : null;
}

/** Returns the part to which an arrow key moves; null for other keys. */
export function spotAfter(layout: StackLayout, spot: Spot | null, key: string): Spot | null {
  const tokens = layout.places.flatMap((place) => (place.kind === "token" ? [place.position] : []));
  const height = layout.bands.length * PARTS.length;
  const index = layout.bands.findIndex(({ first }) => first === spot?.band.first);
  let row = spot && index >= 0 ? index * PARTS.length + PARTS.indexOf(spot.part) : -1;
  let column = spot ? tokens.indexOf(spot.position) : tokens.length - 1;
  if (column < 0) column = tokens.length - 1;
  if (key === "ArrowUp") row += 1;
  else if (key === "ArrowDown") row -= 1;
  else if (key === "ArrowLeft") column -= 1;
  else if (key === "ArrowRight") column += 1;
  else return null;
  row = Math.max(0, Math.min(height - 1, row));
  column = Math.max(0, Math.min(tokens.length - 1, column));
  const band = layout.bands[Math.floor(row / PARTS.length)];
  const part = PARTS[row % PARTS.length];
  const position = tokens[column];
  return band && part && position !== undefined ? { band, part, position } : null;
}
