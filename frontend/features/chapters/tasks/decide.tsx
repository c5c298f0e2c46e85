"use client";

import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { formatNats } from "@/lib/i18n/numbers";
import { leastCertain } from "@/lib/run/least-certain";
import type { RunRecord } from "@/lib/run/run-record";
import { lessCertain } from "../checks";
import { Curve } from "../curve";
import { quoted, TaskLayout, type TaskProps } from "../task";
import { words } from "../words";

export function DecideTask({ run, step, select, onSolved }: TaskProps) {
  const [checked, setChecked] = useState<number | null>(null);
  // A finished run rests on the token that is to be found.
  useEffect(() => select(0), [select]);
  const least = leastCertain(run);
  const frame = run.frames[step];
  const answer = run.frames[least ?? -1];
  if (!frame || !answer) return null;
  const { decide } = words;
  return (
    <TaskLayout
      task={words.chapters.decide.task}
      onSolved={onSolved}
      answer={checked === null ? null : answerAt(run, checked, answer.entropy)}
      hints={[
        decide.hints[0],
        decide.hints[1](formatNats(answer.entropy)),
        decide.hints[2](answer.index, quoted(answer.label)),
      ]}
      picture={
        <Curve
          label={decide.picture(run.frames.length, step)}
          values={run.frames.map(({ entropy }) => entropy)}
          shown={step}
        />
      }
    >
      <p className="mb-2 text-small">
        {decide.shown(quoted(frame.label), formatNats(frame.entropy))}
      </p>
      <Button variant="primary" className="h-8" onClick={() => setChecked(step)}>
        {decide.check}
      </Button>
    </TaskLayout>
  );
}

function answerAt(run: RunRecord, step: number, highest: number) {
  const frame = run.frames[step];
  const solved = frame?.entropy === highest;
  const said = [quoted(frame?.label), formatNats(frame?.entropy ?? 0)] as const;
  const text = solved
    ? words.decide.highest(...said)
    : words.decide.others(...said, lessCertain(run, step));
  return { solved, text };
}
