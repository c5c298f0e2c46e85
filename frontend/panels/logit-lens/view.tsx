"use client";

import { useState } from "react";
import { useStore } from "zustand";
import { LayerScroll } from "@/components/charts/layer-scroll";
import { classNames } from "@/components/ui/class-names";
import { Segmented } from "@/components/ui/segmented";
import { rampGradient } from "@/lib/colour/ramp";
import type { LensRow, TokenFrame } from "@/lib/contract/frames";
import { formatCount } from "@/lib/i18n/numbers";
import { isBusy } from "@/lib/run/run-record";
import { visible } from "@/lib/text/characters";
import { useShownTheme } from "@/lib/theme/use-theme";
import { useModelShape } from "@/panels/model-context";
import { words as panelsWords } from "@/panels/words";
import type { PanelProps } from "../panel";
import { LENS_COLOURS, LENS_VIEWS, lensView } from "./display-options";
import type { LensColour } from "./draw-lens";
import { LensMap } from "./lens-map";
import { LensTable } from "./lens-table";
import { answerOf, settledLayer } from "./settled";
import { words as logitLensWords } from "./words";

export { lensTable as table } from "./table";

/** The least height of a layer over time, in pixels. */
const MIN_ROW = 7;

export default function LogitLens({ frame, run, step, select }: PanelProps) {
  const words = logitLensWords;
  const { view, colour } = useStore(lensView);
  const [reading, setReading] = useState<string | null>(null);
  const [walked, setWalked] = useState<number | null>(null);
  const shape = useModelShape(run);
  const rows = frame?.logitLens;
  if (frame && !rows) {
    return <p className="pt-4 text-quiet text-small">{panelsWords.notCaptured(words.title)}</p>;
  }
  const vocabulary = run.start?.rankBinEdges.at(-1) ?? 2;
  return (
    <div className="@container flex h-full min-h-0 flex-col">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <Segmented
          label={words.viewLabel}
          value={view}
          options={LENS_VIEWS.map((value) => ({
            value,
            label: words.views[value],
          }))}
          onChange={(view) => lensView.setState({ view })}
        />
        {view === "time" && (
          <Segmented
            label={words.colourLabel}
            value={colour}
            options={LENS_COLOURS.map((value) => ({
              value,
              label: words.colours[value],
            }))}
            onChange={(colour) => lensView.setState({ colour })}
          />
        )}
      </div>
      {!frame || !rows ? (
        <Skeleton layers={shape.layers} breathing={isBusy(run)} />
      ) : view === "token" ? (
        <LensTable frame={frame} rows={rows} />
      ) : (
        <LayerScroll layers={rows.length} least={MIN_ROW} inView={walked}>
          <LayerTicks count={rows.length} />
          <div className="min-w-0 flex-1">
            <LensMap
              frames={run.frames}
              layers={rows.length}
              {...{ step, colour, vocabulary, select }}
              onReading={setReading}
              onWalk={setWalked}
            />
          </div>
        </LayerScroll>
      )}
      {frame && rows && view === "time" && <Legend colour={colour} vocabulary={vocabulary} />}
      <p className="flex h-9 items-end text-quiet text-xs leading-4 tabular-nums">
        {frame && rows && (
          <span className="line-clamp-2">
            {view === "token" && settledText(frame, rows)}
            {view === "time" &&
              (reading ?? (
                <>
                  <span data-export="skip">{words.choose} </span>
                  {words.rule}
                </>
              ))}
          </span>
        )}
      </p>
    </div>
  );
}

/** Describes at which layer the answer settles, and whether it is the generated token. */
function settledText(frame: TokenFrame, rows: readonly (LensRow | null)[]): string {
  const words = logitLensWords;
  const layer = settledLayer(rows);
  const answer = answerOf(rows);
  if (layer === null || !answer) return words.unsettled;
  const said =
    answer.id === frame.id
      ? words.wasSaid
      : words.wasNotSaid(visible(frame.label), formatCount(frame.rank));
  return `${words.settled(layer, visible(answer.label))}, ${said}`;
}

function LayerTicks({ count }: { count: number }) {
  const every = count <= 16 ? 1 : Math.ceil(count / 8);
  return (
    <div
      aria-hidden
      className="figures flex w-5 shrink-0 flex-col-reverse text-micro text-quiet leading-none"
    >
      {Array.from({ length: count }, (_, layer) => (
        <span key={layer} className="flex min-h-0 flex-1 items-center">
          {layer % every === 0 ? layer : ""}
        </span>
      ))}
    </div>
  );
}

function Legend({ colour, vocabulary }: { colour: LensColour; vocabulary: number }) {
  const theme = useShownTheme();
  const words = logitLensWords;
  const last = formatCount(Math.max(0, vocabulary - 1));
  const [strong, weak] =
    colour === "rank" ? words.rankScale(last) : [words.probScale[1], words.probScale[0]];
  return (
    <div aria-hidden className="figures mt-1.5 flex items-center gap-2 text-micro text-quiet">
      <span>{weak}</span>
      <span
        className="h-2 flex-1 rounded-[2px]"
        style={{ background: rampGradient("probability", theme) }}
      />
      <span>{strong}</span>
    </div>
  );
}

/** The placeholders of shares, repeated for every six layers. */
const SHARES = [0.2, 0.16, 0.34, 0.28, 0.55, 0.8];

function Skeleton({ layers, breathing }: { layers: number; breathing: boolean }) {
  return (
    <div
      aria-hidden
      className={classNames(
        "flex min-h-0 flex-1 flex-col-reverse justify-end gap-1 overflow-hidden pt-5",
        breathing && "breathing",
      )}
    >
      {Array.from({ length: layers }, (_, layer) => (
        <span key={layer} className="flex h-5 min-h-1 shrink items-center gap-3 pl-2">
          <span className="figures w-4 text-micro text-quiet">{layer}</span>
          <span className="h-2.5 w-20 rounded-sm bg-well" />
          <span className="h-3 flex-1 rounded-[2px] bg-well">
            <span
              className="block h-full rounded-[2px] bg-rule"
              style={{ width: `${(SHARES[layer % SHARES.length] ?? 0) * 100}%` }}
            />
          </span>
        </span>
      ))}
    </div>
  );
}
