"use client";

import { useLayoutEffect, useRef } from "react";
import { classNames } from "@/components/ui/class-names";
import { formatNats } from "@/lib/i18n/numbers";
import { type Badge, type BadgeSums, badgesOf } from "./badges";
import { type EntropySums, meanEntropy } from "./entropy";
import { words } from "./labels/words";
import { type AtlasLayout, GUTTER, type Line, type Placed } from "./layout";
import type { MapWindow } from "./map-window";
import { isAbsent, meanText, wholeMean } from "./names";
import { FIRST, type LinePixels, type Maps, paintLine } from "./paint-maps";
import type { Head, Order } from "./selection";

interface LineOfMapsProps {
  line: Line;
  layout: AtlasLayout;
  badges: BadgeSums;
  /** null if heads are not sorted by it. */
  entropies: EntropySums | null;
  order: Order;
  /** null while nothing is drawn. */
  maps: Maps | null;
  window: MapWindow;
  /** The query whose prediction the page shows. */
  shown: number;
  chosen: Head | null;
  pointed: Head | null;
}

/** One canvas with the maps of a line, and words at those with a badge. */
export function LineOfMaps({ line, layout, ...rest }: LineOfMapsProps) {
  const { badges, entropies, order, maps, chosen, pointed } = rest;
  const { map, down } = layout;
  const canvas = useRef<HTMLCanvasElement>(null);
  const pixels = useRef<LinePixels | null>(null);
  useLayoutEffect(() => {
    if (!canvas.current || !maps) return;
    pixels.current = paintLine(canvas.current, line.heads, map, maps, pixels.current);
  }, [line, map, maps]);
  const inset = (down - map) / 2;
  return (
    <div aria-hidden className="absolute inset-x-0" style={{ top: line.top, height: down }}>
      {line.label && (
        <span
          className={classNames(
            "figures absolute left-0 pr-2 text-right text-micro text-quiet leading-none",
            line.label.startsWith("+") && "opacity-70",
          )}
          style={{ width: GUTTER, top: inset }}
        >
          {line.label}
        </span>
      )}
      <canvas ref={canvas} className="absolute left-0 w-full" style={{ top: inset, height: map }} />
      <ShownQuery line={line} map={map} inset={inset} window={rest.window} shown={rest.shown} />
      {line.heads.map((head) => (
        <HeadWords
          key={head.head + head.layer * badges.heads}
          {...{ head, layout, badges, entropies, order }}
        />
      ))}
      <Frames line={line} map={map} inset={inset} chosen={chosen} pointed={pointed} />
    </div>
  );
}

interface ShownQueryProps extends Pick<LineOfMapsProps, "line" | "window" | "shown"> {
  map: number;
  inset: number;
}

/**
 * Marks the row of the shown query in each map: with a line right of the diagonal, where no key can
 * be, and a tick before the map.
 */
function ShownQuery({ line, map, inset, window, shown }: ShownQueryProps) {
  const row = shown - window.first;
  if (row < 0 || row >= window.count) return null;
  const indent = window.first > 0 ? FIRST.width + FIRST.gap : 0;
  const y = (inset + ((row + 0.5) / window.count) * map).toFixed(1);
  const diagonal = indent + ((row + 1) / window.count) * (map - indent);
  const marks = line.heads.map(
    ({ left }) =>
      `M${left - TICK.gap - TICK.width} ${y}h${TICK.width}` +
      (diagonal + 1 < map ? `M${(left + diagonal + 1).toFixed(1)} ${y}H${left + map}` : ""),
  );
  return (
    <svg
      aria-hidden="true"
      className="pointer-events-none absolute inset-0 size-full overflow-visible"
    >
      <path d={marks.join("")} strokeWidth={1.5} fill="none" className="stroke-accent" />
    </svg>
  );
}

/** The tick before the row of the shown query, and its distance from the map, in pixels. */
const TICK = { width: 3, gap: 1 } as const;

interface FramesProps extends Pick<LineOfMapsProps, "line" | "chosen" | "pointed"> {
  map: number;
  inset: number;
}

/** Frames around the chosen map and the one under the pointer. */
function Frames({ line, map, inset, chosen, pointed }: FramesProps) {
  const of = (wanted: Head | null) =>
    line.heads.find(({ layer, head }) => layer === wanted?.layer && head === wanted.head);
  const box = ({ left }: Placed) => ({ left, top: inset, width: map, height: map });
  const [marked, under] = [of(chosen), of(pointed)];
  return (
    <>
      {under && (
        <span
          className="pointer-events-none absolute rounded-[2px] outline-1 outline-edge"
          style={box(under)}
        />
      )}
      {marked && (
        <span
          className="pointer-events-none absolute rounded-[2px] outline-2 outline-ink"
          style={box(marked)}
        />
      )}
    </>
  );
}

interface HeadWordsProps
  extends Pick<LineOfMapsProps, "layout" | "badges" | "entropies" | "order"> {
  head: Placed;
}

/**
 * The smallest maps, in pixels, with a word in their corner, and with its figure as well; the room
 * beside a map that one word needs.
 */
const ROOM = { word: 26, figure: 56, side: 38 } as const;

/**
 * The badges of a head beside its map. If there is no room, the strongest in the corner above the
 * diagonal, which is empty because a query cannot attend to later tokens.
 */
function HeadWords({ head, layout, badges, entropies, order }: HeadWordsProps) {
  const { map, down, beside, across, grid } = layout;
  const own = badgesOf(badges, head.layer, head.head);
  const inset = (down - map) / 2;
  if (isAbsent(badges, head)) {
    return (
      <span
        className="absolute border-edge border-t"
        style={{ left: head.left, top: down / 2, width: map }}
      />
    );
  }
  if (!beside) {
    const [most] = own;
    if (!most || map < ROOM.word) return null;
    const isCorner = across - map < ROOM.side;
    return (
      <span
        className={classNames(
          "figures absolute whitespace-nowrap text-[0.625rem] present:text-micro text-ink leading-none",
          isCorner && "-translate-x-full",
        )}
        style={{ left: head.left + map + (isCorner ? 0 : 3), top: inset + 1 }}
      >
        {words.short[most]}
        {isCorner && map >= ROOM.figure && ` ${wholeMean(badges, most, head)}`}
      </span>
    );
  }
  const sorted = isBadge(order) && badges.queries[order] > 0 && !own.includes(order) ? order : null;
  return (
    <span
      className="figures absolute flex flex-col gap-0.5 text-[0.625rem] present:text-micro leading-tight"
      style={{ left: head.left + map + 6, width: across - map - 10, top: inset }}
    >
      {!grid.upwards && (
        <span className="truncate font-sans text-micro text-quiet">
          {words.place(head.layer, head.head)}
        </span>
      )}
      {[...own, ...(sorted ? [sorted] : [])].map((badge) => (
        <span
          key={badge}
          className={classNames("truncate", badge === sorted ? "text-quiet" : "text-ink")}
        >
          {words.short[badge]} {meanText(badges, badge, head)}
        </span>
      ))}
      {order === "entropy" && (
        <span className="truncate text-quiet">
          {words.nats(formatNats(meanEntropy(entropies, head.layer, head.head)))}
        </span>
      )}
    </span>
  );
}

const isBadge = (order: Order): order is Badge => order !== "layer" && order !== "entropy";
