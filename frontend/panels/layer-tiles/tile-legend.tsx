"use client";

import { colourMap, HUES, hueRow } from "@/lib/colour/maps";
import { css, SIZE, type Theme } from "@/lib/colour/ramp";
import { useShownTheme } from "@/lib/theme/use-theme";
import { placeOf, type Shading } from "./shade";
import { words } from "./words";

/** The colour scale, linear in the numbers, so that gamma shows in its colours. */
export function TileLegend({ shading }: { shading: Shading }) {
  const theme = useShownTheme();
  const { map, draws, clip, hue } = shading;
  const magnitude = map === "hue" || draws === "magnitude";
  const signed = hue === "sign" ? words.negative : words.fell;
  return (
    <>
      <div aria-hidden className="figures flex h-4 items-center gap-2 text-micro text-quiet">
        <span>{magnitude ? "0" : `−${clip}`}</span>
        <span
          className="h-2.5 flex-1 rounded-[2px] outline outline-rule"
          style={{ background: gradientOf(shading, theme) }}
        />
        <span>{magnitude ? clip : `+${clip}`}</span>
        {map === "hue" && (
          <span className="flex items-center gap-1 font-sans">
            {signed}
            <span className="h-2.5 w-14 rounded-[2px]" style={{ background: hues(theme) }} />
            {hue === "sign" ? words.positive : words.rose}
          </span>
        )}
      </div>
      <p className="truncate text-center text-micro text-quiet" title={words.robustHint}>
        {words.robust}
      </p>
    </>
  );
}

function gradientOf(shading: Shading, theme: Theme): string {
  const { map, draws } = shading;
  const half = map === "hue" || draws === "magnitude";
  const colours = map === "hue" ? hueRow((HUES - 1) / 2, theme) : colourMap(map, theme);
  const drawn = map === "hue" ? ({ ...shading, draws: "magnitude" } as const) : shading;
  const stops = Array.from({ length: 25 }, (_, i) => {
    const share = half ? i / 24 : (i / 24) * 2 - 1;
    return css(colours[Math.round(placeOf(share, drawn) * (SIZE - 1))] ?? [0, 0, 0]);
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

function hues(theme: Theme): string {
  const stops = Array.from({ length: HUES }, (_, hue) => css(hueRow(hue, theme)[200] ?? [0, 0, 0]));
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
