"use client";

import { useMemo, useState } from "react";
import { useStore } from "zustand";
import { useElementSize } from "@/components/hooks/use-element-size";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { visible } from "@/lib/text/characters";
import type { PanelProps } from "../panel";
import { chosenScalars, removeScalar } from "./chosen";
import { columnOf, tokenRoom } from "./columns";
import { nameOf, placeOf, sayValue, unitOf } from "./scalar-names";
import { idOf, limitsOf, type Scalar } from "./scalars";
import { TokenSlider } from "./token-slider";
import { TrendPicker } from "./trend-picker";
import { type Strip, TrendStrip } from "./trend-strip";
import { words } from "./words";

export { trendsTable as table } from "./table";

export default function Trends({ run, step, select }: PanelProps) {
  const { scalars } = useStore(chosenScalars);
  const [pointed, setPointed] = useState<number | null>(null);
  const [slider, { width }] = useElementSize<HTMLDivElement>();
  const tokens = run.frames.length;
  const room = tokenRoom(tokens, run.start?.settings.max_new_tokens ?? 64, isBusy(run));
  const strips = useMemo(() => stripsOf(run, scalars, tokens), [run, scalars, tokens]);
  const shown = pointed === null || pointed >= tokens ? step : pointed;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <TrendPicker limits={limitsOf(run)} lines={scalars.length} />
      <div className="scroll-thin -mr-2 min-h-0 flex-1 overflow-y-auto pr-2">
        <div className="relative flex min-h-full flex-col gap-1.5">
          {strips.map((strip) => (
            <TrendStrip
              key={strip.kind}
              strip={strip}
              step={shown}
              width={width}
              room={room}
              onRemove={removeScalar}
            />
          ))}
          {strips.length === 0 ? (
            <p className="flex-1 pt-4 text-quiet text-small">{words.empty}</p>
          ) : (
            <TokenSlider
              ref={slider}
              {...{ width, room, tokens, step, pointed, select }}
              onPoint={setPointed}
              said={sayStep(run, strips, step)}
            />
          )}
        </div>
      </div>
      <p
        aria-hidden
        className="figures mt-1 flex justify-between pl-9 text-micro text-quiet leading-none"
      >
        <span>0</span>
        <span className="font-sans">
          {shown >= 0 ? words.at(shown, visible(run.frames[shown]?.label ?? "")) : words.axis}
        </span>
        <span>{tokens > 1 || isBusy(run) ? room - 1 : ""}</span>
      </p>
    </div>
  );
}

/** Returns one strip for each quantity; its lines share a scale. */
function stripsOf(run: RunRecord, scalars: readonly Scalar[], tokens: number): Strip[] {
  const limits = limitsOf(run);
  const kinds = [...new Set(scalars.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const lines = scalars
      .filter((scalar) => scalar.kind === kind)
      .map((scalar) => ({
        id: idOf(scalar),
        name: nameOf(scalar, limits),
        place: placeOf(scalar, limits),
        column: columnOf(run.frames, scalar, tokens),
      }));
    const domains = lines.flatMap(({ column }) => column.domain ?? []);
    const max = Math.max(0, ...domains.map((domain) => domain.max)) || 1;
    const since = Math.max(
      0,
      ...domains.filter((domain) => domain.max === max).map((domain) => domain.since),
    );
    return { kind, unit: unitOf(kind, run), lines, max, since };
  });
}

function sayStep(run: RunRecord, strips: readonly Strip[], step: number): string {
  const frame = run.frames[step];
  if (!frame) return words.noToken;
  const values = strips.flatMap(({ kind, lines }) =>
    lines.map(({ name, column }) => `${name} ${sayValue(kind, column.values[step] ?? Number.NaN)}`),
  );
  return [words.at(step, visible(frame.label)), ...values].join("; ");
}
