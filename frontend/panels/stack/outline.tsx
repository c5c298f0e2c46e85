import type { RunRecord } from "@/lib/run/run-record";
import { columnAt, factsOf } from "./facts";
import { type StackLayout, xOf, yOf } from "./layout";
import { dotOf } from "./paths";
import { PARTS, type Spot } from "./sentences";

/** The distance of the outline from the dot, in pixels. */
const AROUND = 3;

interface OutlineProps {
  run: RunRecord;
  spot: Spot;
  layout: StackLayout;
  /** The size at which a ribbon has its largest width. */
  largest: number;
}

/**
 * Marks the part that is pointed at: the dot of an MLP, otherwise the area of the part, which is where
 * its ribbon or arcs are.
 */
export function Outline({ run, spot, layout, largest }: OutlineProps) {
  const index = layout.bands.findIndex(({ first }) => first === spot.band.first);
  const x = xOf(layout, spot.position);
  const band = layout.bands[index];
  if (!band || x === null) return null;
  const { frame } = columnAt(run, spot.position);
  const dot =
    spot.part === "mlp" && frame ? dotOf(layout, x, index, factsOf(frame, band), largest) : null;
  const place = PARTS.indexOf(spot.part);
  const box = dot
    ? {
        left: dot.x - dot.r - AROUND,
        width: 2 * (dot.r + AROUND),
        top: dot.y - dot.r - AROUND,
        height: 2 * (dot.r + AROUND),
        borderRadius: dot.r + AROUND,
      }
    : {
        left: x - layout.columnWidth / 2 + 1,
        width: layout.columnWidth - 2,
        top: yOf(layout, index, (place + 1) / PARTS.length),
        height: layout.bandHeight / PARTS.length,
        borderRadius: 3,
      };
  return (
    <span
      aria-hidden
      data-outline={spot.part}
      className="pointer-events-none absolute outline-1 outline-ink"
      style={box}
    />
  );
}
