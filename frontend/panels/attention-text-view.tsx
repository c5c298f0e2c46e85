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
import { Chips } from "@/components/attention/chips";
import { AttentionControls } from "@/components/attention/controls";
import { paintChips, type Visible, visibleChips } from "@/components/attention/paint-chips";
import { ScaleLegend } from "@/components/attention/scale-legend";
import { readingName, useAttentionChoice } from "@/components/attention/use-choice";
import { NotMeasured } from "@/components/not-measured";
import { TokenLabel } from "@/components/token-label";
import { fitting, numbersOf, strongest, sumBetween, withoutFirst } from "@/lib/attention/pattern";
import { placesOf, tokenAt } from "@/lib/attention/run-tokens";
import { shadeOf } from "@/lib/attention/scale";
import type { Shares } from "@/lib/run/frames";
import type { RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text/en";
import { formatPercent, visible as shown } from "@/lib/text/numbers";
import type { PanelProps } from "./panel";

/** What the last query looks at, over the text itself. */
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
  const { reading: wanted, scale, leaveOutFirst } = useAttentionChoice();
  const { layer, head } = fitting(wanted, shares);
  const row = useMemo(() => numbersOf(shares, { layer, head }), [shares, layer, head]);
  const shades = useMemo(
    () => (leaveOutFirst ? withoutFirst(row) : row).map((weight) => shadeOf(weight, scale)),
    [row, scale, leaveOutFirst],
  );
  const list = useRef<HTMLDivElement>(null);
  const seen = usePaintedChips(list, shades, placesOf(run));
  const [pointed, point] = usePointed(list, row.length);
  const query = row.length - 1;
  const name = readingName({ layer, head });
  const walk = (event: KeyboardEvent) => {
    const next = nextPlace(event.key, pointed ?? query, row.length);
    if (event.key === "Enter" && pointed !== null) choose(pointed);
    if (next === null) return;
    event.preventDefault();
    point(next, true);
  };
  const choose = (place: number) => {
    const chosen = place - (run.prompt?.tokens.length ?? 0);
    if (chosen >= 0) select(chosen);
  };
  return (
    <div className="flex h-full flex-col">
      <AttentionControls shares={shares} />
      <Moment run={run} query={query} step={step} />
      <div
        ref={list}
        role="group"
        tabIndex={0}
        aria-label={text.panels.attentionText.listLabel(name, topOf(run, row))}
        onPointerOver={(event) => point(placeOf(event.target))}
        onPointerLeave={() => point(null)}
        onClick={(event) => choose(placeOf(event.target) ?? -1)}
        onKeyDown={walk}
        onBlur={() => point(null)}
        className="scroll-thin relative min-h-0 flex-1 overflow-y-auto whitespace-pre-wrap break-words px-1 py-0.5 font-serif text-[1.0625rem] leading-[1.75]"
      >
        <Chips run={run} count={placesOf(run)} />
      </div>
      <Foot run={run} row={row} pointed={pointed} seen={seen} leaveOutFirst={leaveOutFirst} />
    </div>
  );
}

/** Paints the chips in view whenever they, the shades or the view change; tells which those are. */
function usePaintedChips(
  list: RefObject<HTMLDivElement | null>,
  shades: Float32Array,
  count: number,
): Visible {
  const chips = useRef<HTMLElement[]>([]);
  const [seen, setSeen] = useState<Visible>({ first: 0, end: count });
  const query = shades.length - 1;
  const paint = useCallback(() => {
    const box = list.current;
    if (!box) return;
    const visible = visibleChips(box, chips.current);
    paintChips(chips.current, visible, { shades, query });
    setSeen((before) =>
      before.first === visible.first && before.end === visible.end ? before : visible,
    );
  }, [list, shades, query]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chips are others when they are more
  useLayoutEffect(() => {
    chips.current = [...(list.current?.querySelectorAll<HTMLElement>("[data-place]") ?? [])];
  }, [list, count]);
  useLayoutEffect(() => {
    const box = list.current;
    if (box) showLine(box, chips.current[query]);
    paint();
  }, [list, paint, query]);
  useEffect(() => {
    const box = list.current;
    if (!box) return;
    box.addEventListener("scroll", paint, { passive: true });
    const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(paint);
    observer?.observe(box);
    return () => {
      box.removeEventListener("scroll", paint);
      observer?.disconnect();
    };
  }, [list, paint]);
  return seen;
}

/** Scroll no further than is needed for a chip and the line after it to be seen. */
function showLine(box: HTMLElement, chip: HTMLElement | undefined) {
  if (!chip || box.clientHeight === 0) return;
  const below = chip.offsetTop + 2 * chip.offsetHeight - box.clientHeight;
  if (box.scrollTop < below) box.scrollTop = below;
  else if (box.scrollTop > chip.offsetTop) box.scrollTop = chip.offsetTop;
}

/** The token that is pointed at, by pointer or keys; it is marked without drawing the text anew. */
function usePointed(list: RefObject<HTMLDivElement | null>, count: number) {
  const [pointed, setPointed] = useState<number | null>(null);
  const point = useCallback(
    (place: number | null, scroll = false) => {
      list.current?.querySelector("[data-pointed]")?.removeAttribute("data-pointed");
      const chip = list.current?.querySelector<HTMLElement>(`[data-place="${place}"]`);
      chip?.setAttribute("data-pointed", "");
      if (scroll && list.current) showLine(list.current, chip ?? undefined);
      setPointed(place);
    },
    [list],
  );
  return [pointed !== null && pointed >= count ? null : pointed, point] as const;
}

/** Whose attention this is: the token that was read last, and what was said next. */
function Moment({ run, query, step }: { run: RunRecord; query: number; step: number }) {
  const words = text.panels.attentionText;
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
  const words = text.panels.attentionText;
  const above = sumBetween(row, 0, seen.first);
  const below = sumBetween(row, seen.end, row.length);
  const label = (place: number) => shown(tokenAt(run, place)?.label ?? "");
  const told =
    pointed === null
      ? `${words.strongest} ${topOf(run, row)}`
      : `${weightName(label(pointed), row, pointed, leaveOutFirst)} · ${words.place(pointed)}`;
  return (
    <div className="flex flex-wrap items-end justify-between gap-x-4 pt-2 text-micro text-quiet">
      <div className="min-w-0 flex-1 basis-56">
        <p aria-live={pointed === null ? "off" : "polite"} className="figures truncate text-ink">
          {told}
        </p>
        <p className="min-h-8">
          {words.outside(formatPercent(above), formatPercent(below))}
          {leaveOutFirst &&
            ` · ${text.panels.attentionControls.leftOut(formatPercent(row[0] ?? 0))}`}
        </p>
      </div>
      <ScaleLegend />
    </div>
  );
}

function weightName(label: string, row: Float32Array, place: number, leaveOutFirst: boolean) {
  const words = text.panels.attentionControls;
  const share = row[place] ?? Number.NaN;
  if (Number.isNaN(share)) return `${label} ${words.none}`;
  const weight = words.weight(label, formatPercent(share));
  const rest = withoutFirst(row)[place] ?? Number.NaN;
  return leaveOutFirst && !Number.isNaN(rest)
    ? `${weight} (${words.ofRest(formatPercent(rest))})`
    : weight;
}

function topOf(run: RunRecord, row: Float32Array): string {
  const words = text.panels.attentionControls;
  const top = strongest(row, 3).map((place) =>
    words.weight(shown(tokenAt(run, place)?.label ?? ""), formatPercent(row[place] ?? 0)),
  );
  return top.join(", ") || words.none;
}

function placeOf(target: EventTarget): number | null {
  const chip = (target as Element).closest<HTMLElement>("[data-place]");
  return chip ? Number(chip.dataset.place) : null;
}

function nextPlace(key: string, place: number, count: number): number | null {
  const moves: Record<string, number> = {
    ArrowLeft: place - 1,
    ArrowRight: place + 1,
    Home: 0,
    End: count - 1,
  };
  const next = moves[key];
  return next === undefined ? null : Math.max(0, Math.min(count - 1, next));
}
