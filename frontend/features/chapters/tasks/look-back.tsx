"use client";

import { useId, useMemo, useState } from "react";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/input";
import { formatPercent } from "@/lib/i18n/numbers";
import type { RunRecord } from "@/lib/run/run-record";
import { shortLabel } from "@/lib/text/characters";
import { LEAST_MEAN } from "@/panels/head-atlas/badges";
import { type HeadWeight, looksBack, previousWeights } from "../checks";
import { quoted, TaskLayout, type TaskProps } from "../task";
import { words } from "../words";

/** How many tokens the picture shows, the last of which is the one that is read from. */
const TOKENS = 4;

export function LookBackTask({ run, step, onSolved }: TaskProps) {
  const weights = useMemo(() => previousWeights(run), [run]);
  const [layer, setLayer] = useState(0);
  const [head, setHead] = useState(0);
  const [checked, setChecked] = useState<HeadWeight | null>(null);
  const { heads, exact } = weights;
  const best = heads[0];
  if (!best) return null;
  const layers = [...new Set(heads.map((each) => each.layer))].sort((a, b) => a - b);
  const inLayer = heads.filter((each) => each.layer === layer).map((each) => each.head);
  const percent = (weight: number) => formatPercent(weight);
  const solved = checked !== null && looksBack(weights, checked);
  const { lookBack } = words;
  return (
    <TaskLayout
      task={words.chapters["look-back"].task}
      onSolved={onSolved}
      answer={
        checked && {
          solved,
          text: [
            lookBack.weighed(checked.layer, checked.head, percent(checked.weight), exact),
            ...(solved ? [] : [lookBack.rule(percent(Math.min(LEAST_MEAN, best.weight)))]),
          ].join(" "),
        }
      }
      hints={[
        lookBack.hints[0],
        lookBack.hints[1](best.layer),
        lookBack.hints[2](best.layer, best.head, percent(best.weight)),
      ]}
      picture={<Arc run={run} step={step} weight={checked?.weight ?? null} />}
    >
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          setChecked(heads.find((each) => each.layer === layer && each.head === head) ?? null);
        }}
      >
        <Choice
          label={lookBack.layer}
          value={layer}
          of={layers}
          onChange={(next) => {
            setLayer(next);
            setHead(Math.min(...heads.filter((each) => each.layer === next).map((h) => h.head)));
          }}
        />
        <Choice
          label={lookBack.head}
          value={head}
          of={inLayer.sort((a, b) => a - b)}
          onChange={setHead}
        />
        <Button type="submit" variant="primary" className="h-8">
          {words.check}
        </Button>
      </form>
    </TaskLayout>
  );
}

interface ChoiceProps {
  label: string;
  value: number;
  of: readonly number[];
  onChange: (value: number) => void;
}

export function Choice({ label, value, of, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <div className="min-w-0 flex-1">
      <label htmlFor={id} className="text-quiet text-xs">
        {label}
      </label>
      <Select
        id={id}
        className="figures mt-0.5"
        value={value}
        onChange={(event) => onChange(Number(event.target.value))}
      >
        {of.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </Select>
    </div>
  );
}

interface ArcProps {
  run: RunRecord;
  step: number;
  /** The weight of the checked head, which is the width of the arc. */
  weight: number | null;
}

/** The last tokens that the model read before the shown one, with an arc to the previous. */
function Arc({ run, step, weight }: ArcProps) {
  const prompt = run.prompt?.tokens ?? [];
  const read = [
    ...prompt.map(({ text }) => text),
    ...run.frames.slice(0, step).map(({ label }) => label),
  ].slice(-TOKENS);
  const [from, to] = [read.length - 1, read.length - 2];
  const middle = (place: number) => ((place + 0.5) / read.length) * 100;
  return (
    <div role="img" aria-label={words.lookBack.picture(quoted(read[from]), quoted(read[to]))}>
      <svg viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden className="h-9 w-full">
        {to >= 0 && (
          <path
            d={`M ${middle(from)} 16 C ${middle(from)} 2, ${middle(to)} 2, ${middle(to)} 16`}
            fill="none"
            vectorEffect="non-scaling-stroke"
            strokeWidth={weight === null ? 2 : 1 + weight * 8}
            strokeDasharray={weight === null ? "4 3" : undefined}
            className="stroke-attention"
          />
        )}
      </svg>
      <div className="flex">
        {read.map((label, place) => (
          <bdi key={place} className="min-w-0 flex-1 truncate text-center font-serif text-base">
            {shortLabel(label)}
          </bdi>
        ))}
      </div>
    </div>
  );
}
