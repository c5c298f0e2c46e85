"use client";

import { type KeyboardEvent, useCallback, useMemo } from "react";
import { useStore } from "zustand";
import { useInSight } from "@/components/hooks/use-in-sight";
import { Button } from "@/components/ui/button";
import { useDepth } from "@/lib/depth/use-depth";
import { usePixelRatio } from "@/lib/export/pixel-ratio";
import { contextLength, isBusy, promptLength, type RunRecord } from "@/lib/run/run-record";
import { useShownTheme } from "@/lib/theme/use-theme";
import { chooseNoHead } from "@/panels/attention-shared/choice";
import { chooseReading, useAttentionChoice } from "@/panels/attention-shared/use-choice";
import { NotMeasured } from "@/panels/not-measured";
import type { PanelProps } from "@/panels/panel";
import { LEAST_QUERIES } from "./badges";
import { Details } from "./details";
import { words } from "./labels/words";
import type { MapWindow } from "./map-window";
import type { Maps } from "./paint-maps";
import { AtlasPicture } from "./picture";
import { queryAt } from "./queries";
import { ALL_HEADS, type Head, headsOf, isGrid, type Selection } from "./selection";
import { atlasSelection } from "./selection-store";
import { entropiesOf, type Summary, summaryOf } from "./summary";
import { Toolbar } from "./toolbar";

export { atlasTable as table } from "./table";

/** A map of the attention of every head over the queries of the run so far. */
export default function HeadAtlas({ run, step }: PanelProps) {
  const summary = summaryOf(run);
  if (!summary) return <NotMeasured run={run} probe="attention_rows" />;
  return <Atlas run={run} step={step} summary={summary} />;
}

interface AtlasProps {
  run: RunRecord;
  step: number;
  summary: Summary;
}

function Atlas({ run, step, summary }: AtlasProps) {
  const [root, inSight] = useInSight<HTMLDivElement>();
  const selection = useStore(atlasSelection);
  const { reading } = useAttentionChoice();
  const depth = useDepth();
  const mapsOf = useMaps(run);
  const { badges } = summary;
  const sortsEntropy = selection.order === "entropy";
  const entropies = sortsEntropy || depth === "measure" ? entropiesOf(run) : null;
  const grid = isGrid(selection);
  const list = useMemo(
    () => (grid ? null : headsOf(selection, badges, entropies)),
    [grid, selection, badges, entropies],
  );
  const { layer, head } = reading;
  const chosen = layer === null || head === null ? null : { layer, head };
  const choose = (wanted: Head) => {
    if (chosen && isSame(chosen, wanted)) chooseNoHead();
    else chooseReading({ layer: wanted.layer, head: wanted.head });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && chosen) chooseNoHead();
  };
  return (
    // While a head is chosen Escape clears it; otherwise it stops the run.
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape works at every element inside
    <div
      ref={root}
      className="flex h-full flex-col"
      data-popup={chosen ? "" : undefined}
      onKeyDown={onKeyDown}
    >
      <Toolbar badges={badges} selection={selection} />
      {list?.length === 0 ? (
        <NoHeads selection={selection} summary={summary} />
      ) : (
        <AtlasPicture
          badges={badges}
          entropies={entropies}
          selection={selection}
          list={list}
          last={contextLength(run) - 2}
          shown={promptLength(run) + step - 1}
          mapsOf={mapsOf}
          draws={inSight || !isBusy(run)}
          chosen={chosen}
          onChoose={choose}
          foot={(pointed, maps) => (
            <Details {...{ run, summary, entropies, pointed, chosen, maps }} />
          )}
        />
      )}
    </div>
  );
}

const isSame = (one: Head, other: Head): boolean =>
  one.layer === other.layer && one.head === other.head;

/** Returns a function that returns what the maps of a window show. */
function useMaps(run: RunRecord): (window: MapWindow) => Maps {
  const theme = useShownTheme();
  const ratio = usePixelRatio();
  const { scale, firstLeftOut } = useAttentionChoice();
  const look = useMemo(
    () => ({ scale, theme, ratio, leaveOutFirst: firstLeftOut === "always" }),
    [scale, theme, ratio, firstLeftOut],
  );
  return useCallback(
    (window) => {
      const last = contextLength(run) - 2;
      const queries = Array.from({ length: window.count }, (_, row) =>
        window.first + row > last ? null : queryAt(run, window.first + row),
      );
      return { window, queries, look };
    },
    [run, look],
  );
}

/** Says why no head is shown. */
function NoHeads({ selection, summary }: { selection: Selection; summary: Summary }) {
  const { badge } = selection;
  const queries = badge ? summary.badges.queries[badge] : 0;
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-1 px-4 text-center text-quiet text-small">
      {badge && <p className="text-ink">{words.noHead(words.badges[badge])}</p>}
      {queries < LEAST_QUERIES && <p>{words.repeats(queries, LEAST_QUERIES)}</p>}
      <Button className="mt-2" onClick={() => atlasSelection.setState(ALL_HEADS, true)}>
        {words.showAll}
      </Button>
    </div>
  );
}
