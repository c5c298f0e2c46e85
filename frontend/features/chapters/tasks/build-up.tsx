"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import type { LensRow } from "@/lib/contract/frames";
import { formatPercent } from "@/lib/i18n/numbers";
import { answerOf, settledLayer } from "@/panels/logit-lens/settled";
import { type Answer, quoted, TaskLayout, type TaskProps } from "../task";
import { words } from "../words";
import { Choice } from "./look-back";

export function BuildUpTask({ run, step, onSolved }: TaskProps) {
  const [layer, setLayer] = useState(0);
  const [checked, setChecked] = useState<{ step: number; layer: number } | null>(null);
  const frame = run.frames[step];
  const rows = frame?.logitLens ?? [];
  const settled = settledLayer(rows);
  const last = answerOf(rows);
  if (!frame || settled === null || !last) return null;
  const { buildUp } = words;
  const layers = rows.flatMap((row, place) => (row ? [place] : []));
  // What was checked at another token says nothing of this one.
  const asked = checked?.step === step ? checked.layer : null;
  return (
    <TaskLayout
      task={words.chapters["build-up"].task}
      onSolved={onSolved}
      answer={asked === null ? null : answerAt(rows, asked, settled, last)}
      hints={[buildUp.hints[0], buildUp.hints[1](quoted(last.label)), buildUp.hints[2](settled)]}
      picture={
        <>
          <p className="mb-1.5 text-xs">{buildUp.at(quoted(frame.label))}</p>
          <Layers rows={rows} marked={asked} />
        </>
      }
    >
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          setChecked({ step, layer });
        }}
      >
        <Choice label={buildUp.layer} value={layer} of={layers} onChange={setLayer} />
        <Button type="submit" variant="primary" className="h-8">
          {words.check}
        </Button>
      </form>
    </TaskLayout>
  );
}

type Rows = readonly (LensRow | null)[];

function answerAt(rows: Rows, asked: number, settled: number, last: LensRow): Answer {
  const { buildUp } = words;
  if (asked === settled) {
    return { solved: true, text: buildUp.settled(settled, quoted(last.label)) };
  }
  if (asked > settled) return { solved: false, text: buildUp.earlier(asked, asked - 1) };
  const other = rows.slice(asked).find((row) => row && row.id !== last.id);
  return {
    solved: false,
    text: buildUp.differs(asked, quoted(other?.label), quoted(last.label)),
  };
}

/** The probability of each layer's likeliest token, from bottom to top; without the tokens. */
function Layers({ rows, marked }: { rows: Rows; marked: number | null }) {
  const known = rows.flatMap((row, layer) => (row ? [{ layer, prob: row.prob }] : [])).reverse();
  const spoken = known.map(({ layer, prob }) => words.buildUp.row(layer, formatPercent(prob)));
  return (
    <div
      role="img"
      aria-label={words.buildUp.picture(spoken.join("; "))}
      className="scroll-thin max-h-40 space-y-0.5 overflow-y-auto"
    >
      {known.map(({ layer, prob }) => (
        <div key={layer} className="grid grid-cols-[1.5rem_minmax(0,1fr)_3rem] items-center gap-2">
          <span className="figures text-right text-micro text-quiet">{layer}</span>
          <span className="h-2.5 rounded-[2px] bg-well">
            <span
              className={`block h-full rounded-[2px] ${layer === marked ? "bg-ink" : "bg-data"}`}
              style={{ width: `${prob * 100}%` }}
            />
          </span>
          <span className="figures text-right text-micro text-quiet">{formatPercent(prob)} %</span>
        </div>
      ))}
    </div>
  );
}
