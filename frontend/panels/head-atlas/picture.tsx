"use client";

import { type PointerEvent, type ReactNode, useMemo, useState } from "react";
import type { GridCell } from "@/components/charts/grid-keys";
import { LayerScroll, type View } from "@/components/charts/layer-scroll";
import { words as chartWords } from "@/components/charts/words";
import { useElementSize } from "@/components/hooks/use-element-size";
import { indexTicks } from "@/lib/scales/nice";
import { useGridCursor } from "@/panels/attention-shared/use-grid-cursor";
import type { BadgeSums } from "./badges";
import type { EntropySums } from "./entropy";
import { words } from "./labels/words";
import { type AtlasLayout, headAt, headOf, layOutGrid, layOutList, linesBetween } from "./layout";
import { LineOfMaps } from "./line-of-maps";
import { type MapWindow, windowOf } from "./map-window";
import { orderName, sentenceOf } from "./names";
import type { Maps } from "./paint-maps";
import { type Head, layersShown, type Selection } from "./selection";

interface PictureProps {
  badges: BadgeSums;
  entropies: EntropySums | null;
  selection: Selection;
  /** The heads of the selection in their order; null for the grid of layers and heads. */
  list: readonly Head[] | null;
  /** The last query, and the one whose prediction the page shows. */
  last: number;
  shown: number;
  mapsOf: (window: MapWindow) => Maps;
  /** Whether maps are drawn: not while tokens arrive and the panel is not on the screen. */
  draws: boolean;
  chosen: Head | null;
  onChoose: (head: Head) => void;
  /** What stands below the maps, given the head under the pointer or the keyboard's cursor. */
  foot: (pointed: Head | null, maps: Maps) => ReactNode;
}

/** The width of the name of the axis of layers. */
const AXIS = 16;
/** The least distance of labelled heads, in pixels. */
const TICK = 20;

const NOTHING: View = { top: 0, height: 0 };

/** The maps, of which only the visible lines are in the document. */
export function AtlasPicture(props: PictureProps) {
  const { badges, selection, list, mapsOf, onChoose, foot } = props;
  const [box, size] = useElementSize<HTMLDivElement>();
  const [view, setView] = useState(NOTHING);
  const [bottom, top] = layersShown(selection, badges.layers);
  const layout = useMemo(
    () =>
      list
        ? layOutList(size, list)
        : layOutGrid({ ...size, width: size.width - AXIS }, [bottom, top], badges.heads),
    [size, list, bottom, top, badges.heads],
  );
  const say = (at: GridCell) => {
    const head = headOf(layout, at);
    return head ? sentenceOf(badges, head) : "";
  };
  const { cell, walked, setCell, said, onKeyDown } = useGridCursor(layout.grid, say);
  const pointed = cell && headOf(layout, cell);
  const under = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return headAt(layout, event.clientX - box.left, event.clientY - box.top);
  };
  const { rows, columns, upwards } = layout.grid;
  /** The cue of a list: its last row may not be full. */
  const more = (from: number, to: number) =>
    words.more((to - from + 1) * columns - (from === 0 ? rows * columns - (list?.length ?? 0) : 0));
  const layers = (from: number, to: number) => chartWords.layers(bottom + from, bottom + to);
  const { first, count: queries } = windowOf(props.last, props.shown, layout.map * screenRatio());
  const maps = useMemo(() => mapsOf({ first, count: queries }), [mapsOf, first, queries]);
  const count = list?.length ?? (top - bottom + 1) * badges.heads;
  return (
    <>
      {!list && <HeadTicks layout={layout} />}
      <div ref={box} className="flex min-h-0 flex-1 flex-col">
        <LayerScroll
          layers={Math.max(1, layout.rows)}
          least={layout.rowHeight}
          inView={walked && (upwards ? walked.row : rows - 1 - walked.row)}
          cue={list ? more : layers}
          onView={setView}
        >
          {!list && (
            <span
              aria-hidden
              className="shrink-0 rotate-180 text-center text-micro text-quiet [writing-mode:vertical-rl]"
              style={{ width: AXIS }}
            >
              {words.layer}
            </span>
          )}
          <div
            role="group"
            tabIndex={0}
            aria-label={words.pictureLabel(words.heads(count), orderName(selection.order))}
            onPointerMove={(event) => setCell(under(event)?.cell ?? null)}
            onPointerLeave={() => setCell(null)}
            onClick={(event) => {
              const head = under(event as unknown as PointerEvent);
              if (head) onChoose(head);
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter" && pointed) onChoose(pointed);
              else onKeyDown(event);
            }}
            className="-outline-offset-2 relative min-w-0 flex-1 cursor-pointer"
          >
            {linesBetween(layout, view.top, view.top + view.height).map((line) => (
              <LineOfMaps
                key={line.top}
                line={line}
                layout={layout}
                badges={badges}
                entropies={props.entropies}
                order={selection.order}
                maps={props.draws ? maps : null}
                window={maps.window}
                shown={props.shown}
                chosen={props.chosen}
                pointed={pointed}
              />
            ))}
            <span aria-live="polite" className="sr-only">
              {said}
            </span>
          </div>
        </LayerScroll>
      </div>
      {foot(pointed, maps)}
    </>
  );
}

/** Pixels of the screen per CSS pixel; a saved picture shows the same positions as the screen. */
const screenRatio = (): number => Math.max(1, window.devicePixelRatio || 1);

/** The numbers of the heads above the first line of maps. */
function HeadTicks({ layout }: { layout: AtlasLayout }) {
  const heads = layout.lines[0]?.heads ?? [];
  const labelled = indexTicks(heads.length, Math.floor((heads.length * layout.across) / TICK));
  return (
    <div
      aria-hidden
      className="figures relative mb-0.5 h-4 text-micro text-quiet"
      style={{ marginLeft: AXIS }}
    >
      <span className="absolute right-full translate-x-5 font-sans">{words.head}</span>
      {heads.map(({ head, left }, i) =>
        labelled.has(i) ? (
          <span key={head} className="absolute text-center" style={{ left, width: layout.map }}>
            {head}
          </span>
        ) : null,
      )}
    </div>
  );
}
