"use client";

import { type CSSProperties, type KeyboardEvent, memo, useEffect, useRef } from "react";
import { LegibleText } from "@/components/tokens/legible-text";
import { classNames } from "@/components/ui/class-names";
import { formatNats } from "@/lib/i18n/numbers";
import { SPACE_MARKS } from "@/lib/text/characters";
import { keyedStep } from "@/lib/timeline/range";
import type { Snapshot } from "./snapshot-reader";
import { type Moment, shownPlace } from "./training-store";
import { useTraining, useTrainingPlayer, useTrainingState } from "./use-training";
import { words } from "./words";

/** The continuations of the selected prompt, one row per snapshot. */
export function SnapshotList() {
  const training = useTraining();
  const player = useTrainingPlayer();
  const moments = useTrainingState((state) => state.moments);
  const prompt = useTrainingState((state) => state.prompt);
  const place = useTrainingState(shownPlace);
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows change with the prompt
  useEffect(() => {
    if (list.current) keepInSight(list.current, place);
  }, [place, prompt]);
  const choose = (next: number) => {
    player.pause();
    training.choose(next);
  };
  const walk = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const down = event.key === "ArrowDown" || event.key === "ArrowUp";
    const key = down ? (event.key === "ArrowDown" ? "ArrowRight" : "ArrowLeft") : event.key;
    const next = keyedStep(key, place, moments.length - 1);
    if (event.key === " ") player.toggle();
    else if (next === null) return;
    else {
      choose(next);
      list.current?.querySelectorAll<HTMLElement>("[role=option]")[next]?.focus();
    }
    event.preventDefault();
  };
  return (
    <div className="min-w-0">
      <Prompts />
      <div
        ref={list}
        role="listbox"
        tabIndex={-1}
        aria-label={words.said}
        onKeyDown={walk}
        className="scroll-thin relative mt-1 h-52 overflow-y-auto rounded-[3px] border border-rule @min-[34rem]:h-40 @min-[54rem]:h-33"
      >
        {moments.map((moment, at) => (
          <Row
            key={moment.step}
            moment={moment}
            look={moment.looks[prompt]}
            place={at}
            shown={at === place}
            choose={choose}
          />
        ))}
      </div>
    </div>
  );
}

/** Centres a row. Scrolls the list only, not the page. */
function keepInSight(box: HTMLElement, place: number): void {
  const row = box.querySelectorAll<HTMLElement>("[role=option]")[place];
  if (row) box.scrollTop = row.offsetTop - (box.clientHeight - row.offsetHeight) / 2;
}

function Prompts() {
  const training = useTraining();
  const prompts = useTrainingState((state) => state.prompts);
  const prompt = useTrainingState((state) => state.prompt);
  return (
    <div className="flex min-w-0 items-baseline gap-2 text-micro text-quiet">
      <span className="shrink-0">{words.prompt}</span>
      {prompts.length > 1 ? (
        <select
          aria-label={words.whichPrompt}
          value={prompt}
          onChange={(event) => training.choosePrompt(Number(event.target.value))}
          className="h-6 min-w-0 max-w-full cursor-pointer truncate rounded-md border border-rule bg-paper px-1.5 font-serif text-ink text-small hover:bg-well"
        >
          {prompts.map((each, place) => (
            <option key={place} value={place}>
              {each} …
            </option>
          ))}
        </select>
      ) : (
        <span className="min-w-0 truncate font-serif text-ink text-small">{prompts[0]} …</span>
      )}
    </div>
  );
}

interface RowProps {
  moment: Moment;
  look: Snapshot | undefined;
  place: number;
  shown: boolean;
  choose: (place: number) => void;
}

const Row = memo(function Row({ moment, look, place, shown, choose }: RowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys
    <div
      role="option"
      aria-selected={shown}
      tabIndex={shown ? 0 : -1}
      onClick={() => choose(place)}
      className={classNames(
        "grid cursor-pointer grid-cols-[2.25rem_2.25rem_minmax(0,1fr)] items-baseline gap-x-2.5 px-2 @min-[34rem]:grid-cols-[3rem_2.5rem_minmax(0,1fr)] @min-[34rem]:gap-x-3 py-[3px] -outline-offset-2 [contain-intrinsic-size:auto_1.7rem] [content-visibility:auto] hover:bg-well",
        shown && "bg-accent-wash shadow-[inset_2px_0_0_0_var(--accent)] hover:bg-accent-wash",
      )}
    >
      <span className="figures text-right text-ink text-micro">{moment.step}</span>
      <span className="figures text-right text-micro text-quiet">
        {moment.loss === null ? "–" : formatNats(moment.loss)}
      </span>
      <span className="line-clamp-2 break-words font-serif text-[0.9375rem] leading-snug @min-[34rem]:line-clamp-1">
        {look ? <SnapshotText look={look} /> : <i className="text-quiet">{words.missing}</i>}
      </span>
    </div>
  );
});

/** The generated text. The background of each token shows its probability. */
function SnapshotText({ look: { run } }: { look: Snapshot }) {
  return (
    <>
      {run.frames.length === 0 && <i className="text-quiet">{words.nothing}</i>}
      {run.frames.map((frame) => (
        <span
          key={frame.index}
          className="token-shade rounded-[2px] py-[0.05em]"
          style={{ "--prob": frame.prob } as CSSProperties}
        >
          <LegibleText text={frame.text.replaceAll("\n", SPACE_MARKS["\n"] ?? "")} />
        </span>
      ))}
      {run.phase === "failed" && (
        <i className="ml-2 text-error">{run.failure?.title ?? words.broke}</i>
      )}
    </>
  );
}
