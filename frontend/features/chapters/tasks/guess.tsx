"use client";

import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import { Input } from "@/components/ui/input";
import { formatPercent } from "@/lib/i18n/numbers";
import { forcedTokens } from "@/lib/run/continuation";
import { shortLabel } from "@/lib/text/characters";
import { GOOD_GUESS, type Guess, guessed, offeredGuesses } from "../checks";
import { Cover } from "../cover";
import { quoted, TaskLayout, type TaskProps } from "../task";
import { words } from "../words";

/** How much of the text before the token is shown, in characters. */
const SHOWN = 90;

/** The first token that the run itself chose, hidden on the page until something was guessed. */
export function GuessTask({ run, select, onSolved }: TaskProps) {
  const [guess, setGuess] = useState<Guess | null>(null);
  const [text, setText] = useState("");
  const forced = run.start ? forcedTokens(run.start).length : 0;
  const step = Math.min(forced, run.frames.length - 1);
  const frame = run.frames[step];
  useEffect(() => {
    if (guess) select(step);
  }, [guess, select, step]);
  if (!frame) return null;
  const likeliest = frame.top[0];
  const name = quoted(likeliest?.text);
  const [first = ""] = likeliest?.text.trim() ?? "";
  const written = run.frames.slice(0, step).map((each) => each.text);
  const before = [run.start?.settings.prompt ?? "", ...written].join("");
  const chapter = words.chapters.guess;
  return (
    <>
      {!guess && <Cover />}
      <TaskLayout
        task={chapter.task}
        onSolved={onSolved}
        answer={
          guess && {
            solved: guess.solved,
            text: said(guess, frame.top.length, frame.top.at(-1)?.prob ?? 0),
          }
        }
        hints={[
          words.guess.hints[0](frame.distribution.effectiveTokens.toFixed(1)),
          words.guess.hints[1](first),
          words.guess.hints[2](name, formatPercent(likeliest?.prob ?? 0)),
        ]}
        picture={
          <>
            <p dir="auto" className="font-serif text-base leading-snug">
              {before.length > SHOWN && "… "}
              {before.slice(-SHOWN)}{" "}
              <span className="rounded border border-edge border-dashed px-1.5 text-quiet">
                {guess ? shortLabel(likeliest?.text ?? "") : words.guess.gap}
              </span>
            </p>
            {guess && <Bars rows={frame.top.slice(0, GOOD_GUESS)} chosen={guess.candidate?.id} />}
          </>
        }
      >
        <form
          className="flex gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() !== "") setGuess(guessed(frame, text));
          }}
        >
          <Input
            aria-label={words.guess.own}
            autoComplete="off"
            value={text}
            onChange={(event) => setText(event.target.value)}
            className="min-w-0"
          />
          <Button type="submit" variant="primary" className="h-8">
            {words.check}
          </Button>
        </form>
        <div className="mt-2 flex flex-wrap items-center gap-1.5 text-small">
          <span className="text-quiet text-xs">{words.guess.choices}</span>
          {offeredGuesses(frame).map((word) => (
            <Button
              key={word}
              className="h-7 px-2 font-serif text-base"
              onClick={() => {
                setText(word);
                setGuess(guessed(frame, word));
              }}
            >
              {word}
            </Button>
          ))}
        </div>
      </TaskLayout>
    </>
  );
}

function said({ text, candidate, rank }: Guess, count: number, least: number): string {
  return candidate && rank !== null
    ? words.guess.ranked(text.trim(), rank, formatPercent(candidate.prob))
    : words.guess.unranked(text.trim(), count, formatPercent(least));
}

interface BarsProps {
  rows: readonly { readonly id: number; readonly text: string; readonly prob: number }[];
  chosen: number | undefined;
}

function Bars({ rows, chosen }: BarsProps) {
  const most = rows[0]?.prob ?? 1;
  const spoken = rows.map(({ text, prob }) => `${quoted(text)} ${formatPercent(prob)} %`);
  return (
    <div role="img" aria-label={words.guess.picture(spoken.join(", "))} className="mt-2 space-y-1">
      {rows.map(({ id, text, prob }) => (
        <div key={id} className="grid grid-cols-[5.5rem_minmax(0,1fr)_3rem] items-center gap-2">
          <bdi className={classNames("truncate font-serif", id === chosen && "font-semibold")}>
            {shortLabel(text)}
          </bdi>
          <span
            className="h-2.5 rounded-[2px] bg-data"
            style={{ width: `${(prob / most) * 100}%` }}
          />
          <span className="figures text-right text-micro text-quiet">{formatPercent(prob)} %</span>
        </div>
      ))}
    </div>
  );
}
