"use client";

import {
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { nextPlace, placeOf } from "@/components/tokens/chip-keys";
import { TokenLabel } from "@/components/tokens/token-label";
import type { Shares } from "@/lib/contract/frames";
import { usePixelRatio } from "@/lib/export/pixel-ratio";
import { formatPercent } from "@/lib/i18n/numbers";
import { inReadingOrder } from "@/lib/i18n/reading-order";
import { contextLength, promptLength, type RunRecord } from "@/lib/run/run-record";
import { visible as shown } from "@/lib/text/characters";
import { useShownTheme } from "@/lib/theme/use-theme";
import { leavesOutFirst } from "@/panels/attention-shared/choice";
import { AttentionControls } from "@/panels/attention-shared/controls";
import {
  fitting,
  numbersOf,
  strongest,
  sumBetween,
  withoutFirst,
} from "@/panels/attention-shared/pattern";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { shadeOf } from "@/panels/attention-shared/scale";
import { ScaleLegend } from "@/panels/attention-shared/scale-legend";
import { readingName, useAttentionChoice } from "@/panels/attention-shared/use-choice";
import { words as attentionWords } from "@/panels/attention-shared/words";
import { NotMeasured } from "@/panels/not-measured";
import type { PanelProps } from "../panel";
import { Chips } from "./chips";
import { TextCanvas, type Visible } from "./text-canvas";
import { words as attentionTextWords } from "./words";

export { attentionTextTable as table } from "./table";

/** Shows the attention of the last query as shades behind the text. */
export default function AttentionText({ run, frame, step, select }: PanelProps) {
  const shares = frame?.attentionRows;
  if (!shares) return <NotMeasured run={run} probe="attention_rows" />;
  return <Reading run={run} shares={shares} step={step} select={select} />;
}

interface ReadingProps {
  run: RunRecord;
  shares: Shares;
  step: number;
  select: PanelProps["select"];
}

function Reading({ run, shares, step, select }: ReadingProps) {
  const { reading: wanted, scale, firstLeftOut } = useAttentionChoice();
  const { layer, head } = fitting(wanted, shares);
  const row = useMemo(() => numbersOf(shares, { layer, head }), [shares, layer, head]);
  const leaveOutFirst = row.length > 1 && leavesOutFirst(firstLeftOut, { layer, head });
  const shades = useMemo(
    () => (leaveOutFirst ? withoutFirst(row) : row).map((weight) => shadeOf(weight, scale)),
    [row, scale, leaveOutFirst],
  );
  const list = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const seen = useTextCanvas(list, canvas, shades, contextLength(run));
  const [pointed, point] = usePointed(list, row.length);
  const query = row.length - 1;
  const name = readingName({ layer, head });
  const walk = (event: KeyboardEvent) => {
    const next = nextPlace(inReadingOrder(event), pointed ?? query, row.length);
    if (event.key === "Enter" && pointed !== null) choose(pointed);
    if (next === null) return;
    event.preventDefault();
    point(next, true);
  };
  const choose = (place: number) => {
    const chosen = place - promptLength(run);
    if (chosen >= 0) select(chosen);
  };
  return (
    <div className="flex h-full flex-col">
      <AttentionControls shares={shares} />
      <Moment run={run} query={query} step={step} />
      <div
        ref={list}
        role="group"
        dir="auto"
        tabIndex={0}
        aria-label={attentionTextWords.listLabel(name, topOf(run, row, leaveOutFirst))}
        onPointerOver={(event) => point(placeOf(event.target))}
        onPointerLeave={() => point(null)}
        onClick={(event) => choose(placeOf(event.target) ?? -1)}
        onKeyDown={walk}
        onBlur={() => point(null)}
        className="scroll-thin relative isolate min-h-0 flex-1 overflow-y-auto whitespace-pre-wrap break-words px-1 py-0.5 font-serif text-[1.0625rem] leading-[1.75]"
      >
        <canvas
          ref={canvas}
          aria-hidden
          className="attention-ground pointer-events-none absolute top-0 left-0 -z-10 w-full will-change-transform"
        />
        <Chips run={run} count={contextLength(run)} />
      </div>
      <Foot run={run} row={row} pointed={pointed} seen={seen} leaveOutFirst={leaveOutFirst} />
    </div>
  );
}

/** Draws the canvas when it, the text or the visible range changes. Returns the visible tokens. */
function useTextCanvas(
  list: RefObject<HTMLDivElement | null>,
  canvas: RefObject<HTMLCanvasElement | null>,
  shades: Float32Array,
  count: number,
): Visible {
  const theme = useShownTheme();
  const ratio = usePixelRatio();
  const ground = useRef<TextCanvas | null>(null);
  const [seen, setSeen] = useState<Visible>({ first: 0, end: count });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours
  const paint = useCallback(() => {
    const { current } = ground;
    if (!current) return;
    current.paint(shades, ratio);
    const visible = current.visible();
    setSeen((before) =>
      before.first === visible.first && before.end === visible.end ? before : visible,
    );
  }, [shades, ratio, theme]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: more tokens are other chips
  useLayoutEffect(() => {
    if (!list.current || !canvas.current) return;
    ground.current ??= new TextCanvas(list.current, canvas.current);
    ground.current.measure();
  }, [list, canvas, count]);
  const latest = useRef(paint);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new chips are to be dimmed too
  useLayoutEffect(() => {
    latest.current = paint;
    ground.current?.dim(shades.length + 1);
    ground.current?.show(shades.length - 1);
    paint();
  }, [paint, shades.length, count]);
  useEffect(() => {
    const box = list.current;
    if (!box) return;
    const onScroll = () => latest.current();
    const onResize = () => {
      ground.current?.measure();
      latest.current();
    };
    box.addEventListener("scroll", onScroll, { passive: true });
    const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(onResize);
    observer?.observe(box);
    return () => {
      box.removeEventListener("scroll", onScroll);
      observer?.disconnect();
    };
  }, [list]);
  return seen;
}

/**
 * The token under the pointer or keyboard cursor. It is marked with an attribute, so that the text
 * is not rendered again.
 */
function usePointed(list: RefObject<HTMLDivElement | null>, count: number) {
  const [pointed, setPointed] = useState<number | null>(null);
  const point = useCallback(
    (place: number | null, scroll = false) => {
      list.current?.querySelector("[data-pointed]")?.removeAttribute("data-pointed");
      const chip = list.current?.querySelector<HTMLElement>(`[data-place="${place}"]`);
      chip?.setAttribute("data-pointed", "");
      if (scroll) chip?.scrollIntoView?.({ block: "nearest" });
      setPointed(place);
    },
    [list],
  );
  return [pointed !== null && pointed >= count ? null : pointed, point] as const;
}

/** Names the token of the query, and the token that was generated next. */
function Moment({ run, query, step }: { run: RunRecord; query: number; step: number }) {
  const words = attentionTextWords;
  return (
    <p className="mb-1 flex items-baseline gap-1.5 truncate text-quiet text-xs">
      {words.from}
      <span
        title={words.query}
        className="rounded-[3px] px-1 shadow-[inset_0_0_0_1.5px_var(--ink)]"
      >
        <TokenLabel label={tokenAt(run, query)?.label ?? ""} className="text-ink text-xs" />
      </span>
      {words.to}
      <TokenLabel
        label={run.frames[step]?.label ?? ""}
        className="text-ink text-xs shadow-[0_2px_0_0_var(--accent)]"
      />
    </p>
  );
}

interface FootProps {
  run: RunRecord;
  row: Float32Array;
  pointed: number | null;
  seen: Visible;
  leaveOutFirst: boolean;
}

function Foot({ run, row, pointed, seen, leaveOutFirst }: FootProps) {
  const words = attentionTextWords;
  const above = sumBetween(row, 0, seen.first);
  const below = sumBetween(row, seen.end, row.length);
  const label = (place: number) => shown(tokenAt(run, place)?.label ?? "");
  const reading =
    pointed === null
      ? `${words.strongest} ${topOf(run, row, leaveOutFirst)}`
      : `${weightName(label(pointed), row, pointed, leaveOutFirst)} · ${words.place(pointed)}`;
  return (
    <div className="pt-2 text-micro text-quiet">
      <p aria-live={pointed === null ? "off" : "polite"} className="figures truncate text-ink">
        {reading}
      </p>
      <div className="flex flex-wrap items-end justify-between gap-x-4">
        <p className="min-h-8 min-w-0 flex-1 basis-44">
          {words.outside(formatPercent(above), formatPercent(below))}
          {leaveOutFirst && ` · ${attentionWords.leftOut(formatPercent(row[0] ?? 0))}`}
        </p>
        <ScaleLegend />
      </div>
    </div>
  );
}

function weightName(label: string, row: Float32Array, place: number, leaveOutFirst: boolean) {
  const words = attentionWords;
  const share = row[place] ?? Number.NaN;
  if (Number.isNaN(share)) return `${label} ${words.none}`;
  const weight = words.weight(label, formatPercent(share));
  const rest = withoutFirst(row)[place] ?? Number.NaN;
  return leaveOutFirst && !Number.isNaN(rest)
    ? `${weight} (${words.ofRest(formatPercent(rest))})`
    : weight;
}

function topOf(run: RunRecord, row: Float32Array, leaveOutFirst: boolean): string {
  const words = attentionWords;
  const asked = leaveOutFirst ? row.with(0, Number.NaN) : row;
  const top = strongest(asked, 3).map((place) =>
    words.weight(shown(tokenAt(run, place)?.label ?? ""), formatPercent(row[place] ?? 0)),
  );
  return top.join(", ") || words.none;
}
