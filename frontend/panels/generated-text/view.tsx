"use client";

import {
  type KeyboardEvent,
  type MouseEvent,
  Suspense,
  useContext,
  useEffect,
  useRef,
  useState,
} from "react";
import { nextPlace, placeOf } from "@/components/tokens/chip-keys";
import { classNames } from "@/components/ui/class-names";
import type { PromptToken } from "@/lib/contract";
import { formatShare } from "@/lib/i18n/numbers";
import { inReadingOrder } from "@/lib/i18n/reading-order";
import { isForkedAt } from "@/lib/run/fork";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { visible } from "@/lib/text/characters";
import { useChosenHead } from "../attention-shared/use-chosen-head";
import { lazyPart } from "../lazy-panel";
import type { PanelProps } from "../panel";
import { BeginningContext } from "./beginning-context";
import { ChipPositions } from "./chip-positions";
import { EmptyStateContext } from "./empty-state-context";
import { ShownMark } from "./shown-mark";
import { TextNoticeContext } from "./text-notice-context";
import { TokenChips } from "./token-chips";
import { type Figured, TokenFigures } from "./token-figures";
import { TokenSentence } from "./token-sentence";
import { words } from "./words";

/** Loaded when a head is chosen. */
const HeadArcs = lazyPart(() => import("./head-arcs/head-arcs"));
const HeadCaption = lazyPart(() => import("./head-arcs/head-caption"));

export default function GeneratedText({ run, step, frame, live, select }: PanelProps) {
  const notice = useContext(TextNoticeContext);
  const [pointed, setPointed] = useState<number | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const [chips] = useState(() => new ChipPositions(list));
  const expected = useContext(BeginningContext);
  const isIdle = run.phase === "idle";
  const isExpected = expected !== null && (isIdle || run.source === expected.source);
  const prompt = run.prompt?.tokens ?? (isExpected ? expected.prompt : NO_PROMPT);
  const count = prompt.length + run.frames.length;
  const empty = count === 0;
  // The style sheet chooses what the built page shows, before the page knows.
  const undecided = isIdle && !empty;
  const head = useChosenHead();
  const chosen = frame && head;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the box comes with the first token
  useEffect(() => chips.watch(), [chips, empty]);

  // Scroll to the newest token while it is followed, otherwise to the selected one.
  useEffect(() => {
    const box = list.current;
    if (!box || run.frames.length === 0) return;
    if (live) box.scrollTop = box.scrollHeight;
    else chips.keepInSight(prompt.length + step, run.frames);
  }, [live, run, step, prompt, chips]);

  const choose = (place: number) => place >= prompt.length && select(place - prompt.length);
  const walk = (event: KeyboardEvent) => {
    if (event.key === "Escape") chosen?.clear();
    const place = placeOf(event.target);
    const key = inReadingOrder(event);
    if (place === null) return;
    const next = key === "Enter" || key === " " ? place : nextPlace(key, place, count);
    if (next === null) return;
    event.preventDefault();
    choose(next);
    list.current?.querySelector<HTMLElement>(`[data-place="${next}"]`)?.focus();
  };

  const figured = figuredAt(run, pointed ?? (step >= 0 ? prompt.length + step : null));
  return (
    // While a head is chosen Escape clears it; otherwise it stops the run.
    <div className="flex h-full flex-col" data-popup={chosen ? "" : undefined}>
      {notice}
      {(empty || undecided) && (
        <div className={classNames("flex-1 pt-1", undecided && "recorded:hidden")}>
          <Empty run={run} />
        </div>
      )}
      {!empty && (
        // Contained, so that a change of the measurements below does not lay out a long text again.
        <div
          className={classNames(
            "contain-strict min-h-0 flex-1 basis-0",
            undecided && "hidden recorded:block",
          )}
        >
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
            {prompt.length === 0 && run.start?.model.server && (
              <span className="text-quiet">{run.start.settings.prompt}</span>
            )}
            <TokenChips prompt={prompt} frames={run.frames} count={run.frames.length} step={step} />
          </div>
          <ShownMark
            chips={chips}
            place={step >= 0 ? prompt.length + step : null}
            frames={run.frames}
          />
          {chosen && (
            <Suspense>
              <HeadArcs run={run} step={step} chosen={chosen} chips={chips} />
            </Suspense>
          )}
        </div>
      )}
      {chosen && (
        <Suspense>
          <HeadCaption run={run} step={step} chosen={chosen} />
        </Suspense>
      )}
      <div className="relative min-h-9 pt-1">
        {frame && <TokenSentence run={run} frame={frame} />}
        {pointed !== null && figured && <Pointed of={figured} />}
      </div>
      <div className="hidden min-h-6 flex-wrap items-end justify-between gap-x-6 gap-y-1 pt-1 measure:flex">
        <div className="min-h-5">{figured && <TokenFigures of={figured} />}</div>
        <Legend />
      </div>
    </div>
  );
}

const NO_PROMPT: readonly PromptToken[] = [];

function Empty({ run }: { run: RunRecord }) {
  const offers = useContext(EmptyStateContext);
  return !isBusy(run) ? (
    <>
      <p className="font-serif text-[1.3125rem] short:text-lg text-ink leading-snug">
        {words.empty}
      </p>
      <p className="mt-0.5 mb-3 short:mb-1.5 text-quiet">{words.emptyDetail}</p>
      {offers}
    </>
  ) : (
    <div aria-hidden className="breathing flex max-w-lg flex-wrap gap-2 pt-1.5">
      {[18, 30, 12, 24, 40, 16, 28].map((width) => (
        <span key={width} className="h-5 rounded bg-well" style={{ width: `${width / 6}rem` }} />
      ))}
    </div>
  );
}

/** The token under the pointer and its probability. */
function Pointed({ of }: { of: Figured }) {
  const label = of.kind === "prompt" ? of.token.text : of.frame.label;
  const logprob = of.kind === "prompt" ? of.token.logprob : of.frame.logprob;
  return (
    <p className="pointer-events-none absolute right-0 -top-5 flex gap-2 rounded-md border border-brim bg-sheet px-2 py-0.5 text-micro text-quiet shadow-sm measure:hidden">
      <span className="max-w-40 truncate text-ink">{visible(label)}</span>
      {logprob === null ? words.prompt : formatShare(Math.exp(logprob))}
    </p>
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
  const step = place - prompt.length;
  const frame = run.frames[step];
  return frame ? { kind: "generated", frame, forked: isForkedAt(run.frames, step) } : null;
}

function onPlace(event: MouseEvent, act: (place: number) => void): void {
  const place = placeOf(event.target);
  if (place !== null) act(place);
}
