import { indexTicks } from "@/lib/scales/nice";
import { type StackLayout, yOf } from "./layout";
import { bandName } from "./sentences";

/** The numbers of the layers at the left: of all bands, and of as many single layers as have room. */
export function LayerNames({ layout }: { layout: StackLayout }) {
  const { bands, bottom, top, unit } = layout;
  const labelled = indexTicks(bands.length, Math.floor((bottom - top) / (16 * unit)));
  return bands.map((band, i) =>
    labelled.has(i) || band.first !== band.last ? (
      <text
        key={band.first}
        x={38 * unit}
        y={yOf(layout, i, 0.5)}
        textAnchor="end"
        dominantBaseline="central"
        className="figures fill-quiet text-micro"
      >
        {bandName(band)}
      </text>
    ) : null,
  );
}
