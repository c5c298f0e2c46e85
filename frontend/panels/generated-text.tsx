"use client";

import { type KeyboardEvent, type MouseEvent, useEffect, useRef, useState } from "react";
import { ChipPlaces } from "@/components/chip-places";
import { Examples } from "@/components/examples";
import { ShownMark } from "@/components/shown-mark";
import { TokenChips } from "@/components/token-chips";
import { type Figured, TokenFigures } from "@/components/token-figures";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { inReadingOrder } from "@/lib/text/direction";
import { type PanelProps, worded } from "./panel";
import { textTable } from "./tables";

const words = text.panels.text;

function GeneratedText({ run, step, live, select }: PanelProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const [chips] = useState(() => new ChipPlaces(list));
  const prompt = run.prompt?.tokens ?? NO_PROMPT;
  const count = prompt.length + run.frames.length;
  const empty = count === 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the box comes with the first token
  useEffect(() => chips.watch(), [chips, empty]);

  // Follow the newest token while nobody looks at another one, else the one that is looked at.
  useEffect(() => {
    const box = list.current;
    if (!box || run.frames.length === 0) return;
    if (live) box.scrollTop = box.scrollHeight;
    else chips.keepInSight(prompt.length + step, run.frames);
  }, [live, run, step, prompt, chips]);

  const choose = (place: number) => place >= prompt.length && select(place - prompt.length);
  const walk = (event: KeyboardEvent) => {
    const place = placeOf(event.target);
    const key = inReadingOrder(event);
    const next = place === null ? null : nextPlace(key, place, count);
    if (next === null) return;
    event.preventDefault();
    choose(next);
    list.current?.querySelector<HTMLElement>(`[data-place="${next}"]`)?.focus();
  };

  const figured = figuredAt(run, pointed ?? (step >= 0 ? prompt.length + step : null));
  return (
    <div className="flex h-full flex-col">
      {empty ? (
        <Empty run={run} />
      ) : (
        // Contained, so that the figures below can change without a long text laid out anew.
        <div className="contain-strict min-h-0 flex-1 basis-0">
          <div
            ref={list}
            role="listbox"
            tabIndex={-1}
            aria-label={words.listLabel}
            aria-orientation="horizontal"
            dir="auto"
            onClick={(event) => onPlace(event, choose)}
            onPointerOver={(event) => setPointed(placeOf(event.target))}
            onPointerLeave={() => setPointed(null)}
            onFocus={(event) => setPointed(placeOf(event.target))}
            onBlur={() => setPointed(null)}
            onKeyDown={walk}
            className="scroll-thin contain-strict relative h-full overflow-y-auto whitespace-pre-wrap bg-sheet break-words px-0.5 font-serif text-[1.1875rem] leading-[1.75] min-[106rem]:text-[1.3125rem]"
          >
            <TokenChips prompt={prompt} frames={run.frames} count={run.frames.length} step={step} />
          </div>
          <ShownMark
            chips={chips}
            place={step >= 0 ? prompt.length + step : null}
            frames={run.frames}
          />
        </div>
      )}
      <div className="flex min-h-7 flex-wrap items-end justify-between gap-x-6 gap-y-1 pt-2">
        <div className="min-h-5">{figured && <TokenFigures of={figured} />}</div>
        <Legend />
      </div>
    </div>
  );
}

const NO_PROMPT: NonNullable<RunRecord["prompt"]>["tokens"] = [];

function Empty({ run }: { run: RunRecord }) {
  return (
    <div className="flex-1 pt-1">
      {!isBusy(run) ? (
        <>
          <p className="font-serif text-[1.3125rem] text-ink leading-snug">{words.empty}</p>
          <p className="mt-0.5 mb-3 text-quiet">{words.emptyDetail}</p>
          <Examples />
        </>
      ) : (
        <div aria-hidden className="breathing flex max-w-lg flex-wrap gap-2 pt-1.5">
          {[18, 30, 12, 24, 40, 16, 28].map((width) => (
            <span
              key={width}
              className="h-5 rounded bg-well"
              style={{ width: `${width / 6}rem` }}
            />
          ))}
        </div>
      )}
    </div>
  );
}

function Legend() {
  return (
    <p className="flex items-center gap-2 text-micro text-quiet">
      <span>{words.prompt}</span>
      <span aria-hidden className="h-3 w-px bg-rule" />
      <span>
        {words.shade} {words.unlikely}
      </span>
      <span
        aria-hidden
        className="h-2.5 w-16 rounded-[2px] border border-rule"
        style={{ background: "linear-gradient(to right, transparent, var(--shade))" }}
      />
      <span>{words.likely}</span>
    </p>
  );
}

function figuredAt(run: RunRecord, place: number | null): Figured | null {
  if (place === null) return null;
  const prompt = run.prompt?.tokens ?? [];
  const token = prompt[place];
  if (token) return { kind: "prompt", token };
  const frame = run.frames[place - prompt.length];
  return frame ? { kind: "generated", frame } : null;
}

function placeOf(target: EventTarget): number | null {
  const chip = (target as Element).closest<HTMLElement>("[data-place]");
  return chip ? Number(chip.dataset.place) : null;
}

function onPlace(event: MouseEvent, act: (place: number) => void): void {
  const place = placeOf(event.target);
  if (place !== null) act(place);
}

function nextPlace(key: string, place: number, count: number): number | null {
  const moves: Record<string, number> = {
    ArrowLeft: place - 1,
    ArrowRight: place + 1,
    Home: 0,
    End: count - 1,
    Enter: place,
    " ": place,
  };
  const next = moves[key];
  return next === undefined ? null : Math.max(0, Math.min(count - 1, next));
}

export const generatedTextPanel = worded(words, {
  id: "generated-text",
  unit: () => words.unit,
  captures: [],
  open: true,
  table: textTable,
  wide: true,
  Component: GeneratedText,
});
