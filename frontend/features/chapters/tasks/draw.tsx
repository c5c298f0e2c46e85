"use client";

import { useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import type { Candidate } from "@/lib/contract";
import { formatPercent } from "@/lib/i18n/numbers";
import { shortLabel } from "@/lib/text/characters";
import { askedCandidate, comparedTopP, impossibleUpTo, P_STEP } from "../checks";
import { type Answer, quoted, TaskLayout, type TaskProps } from "../task";
import { words } from "../words";

/** How many candidates the picture shows. */
const SHOWN = 5;

export function DrawTask({ run, step, onSolved }: TaskProps) {
  const [p, setP] = useState(1);
  const [checked, setChecked] = useState<{ step: number; p: number } | null>(null);
  const id = useId();
  const top = run.frames[step]?.top ?? [];
  const place = askedCandidate(top);
  const asked = top[place];
  if (!asked || place < 1) return null;
  const limit = impossibleUpTo(top, place);
  const name = quoted(asked.text);
  const { draw } = words;
  return (
    <TaskLayout
      task={words.chapters.draw.task(name)}
      onSolved={onSolved}
      answer={checked?.step === step ? answerAt(limit, checked.p, name) : null}
      hints={[draw.hints[0], draw.hints[1], draw.hints[2](highest(limit))]}
      picture={<Candidates top={top} asked={place} p={p} />}
    >
      <form
        className="flex items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          setChecked({ step, p });
        }}
      >
        <label htmlFor={id} className="shrink-0 text-quiet text-xs">
          {draw.slider}
        </label>
        <input
          id={id}
          type="range"
          className="range min-w-0 flex-1"
          min={P_STEP}
          max={1}
          step={P_STEP}
          value={p}
          style={{ "--filled": (p - P_STEP) / (1 - P_STEP) } as React.CSSProperties}
          onChange={(event) => setP(Number(event.target.value))}
        />
        <span aria-hidden className="figures w-9 text-right text-small">
          {p.toFixed(2)}
        </span>
        <Button type="submit" variant="primary" className="h-8">
          {words.check}
        </Button>
      </form>
    </TaskLayout>
  );
}

/** The highest value of the slider at which the candidate is removed. */
const highest = (limit: number): string => (Math.floor(limit / P_STEP + 1e-9) * P_STEP).toFixed(2);

function answerAt(limit: number, p: number, name: string): Answer {
  const compared = comparedTopP(limit, p);
  const { draw } = words;
  if (compared === "right") return { solved: true, text: draw.right(name, formatPercent(limit)) };
  return { solved: false, text: draw[compared](name, p.toFixed(2)) };
}

interface CandidatesProps {
  top: readonly Candidate[];
  asked: number;
  p: number;
}

/** The likeliest tokens; those that top-p removes are struck through. */
function Candidates({ top, asked, p }: CandidatesProps) {
  const rows = top.slice(0, SHOWN);
  const isCut = (place: number) => place > 0 && impossibleUpTo(top, place) >= p;
  const kept = rows.filter((_, place) => !isCut(place)).length;
  const most = rows[0]?.prob ?? 1;
  return (
    <div role="img" aria-label={words.draw.picture(kept, rows.length)} className="space-y-1">
      {rows.map(({ id, text, prob }, place) => (
        <div key={id} className="grid grid-cols-[5.5rem_minmax(0,1fr)_3rem] items-center gap-2">
          <bdi
            className={classNames(
              "truncate font-serif",
              place === asked && "font-semibold",
              isCut(place) && "text-quiet",
            )}
          >
            {isCut(place) ? <s>{shortLabel(text)}</s> : shortLabel(text)}
          </bdi>
          <span
            className={classNames("h-2.5 rounded-[2px]", isCut(place) ? "bg-edge/40" : "bg-data")}
            style={{ width: `${(prob / most) * 100}%` }}
          />
          <span className="figures text-right text-micro text-quiet">{formatPercent(prob)} %</span>
        </div>
      ))}
    </div>
  );
}
