import { MAP_NAMES } from "@/lib/colour/maps";
import { linkedStore } from "@/lib/url-state/linked-store";
import { DEFAULT_SHADING, DRAWS, HUE_SIGNALS, type Shading } from "./shade";

export const GAMMA = { min: 0.3, max: 2.5, step: 0.1 } as const;
export const CLIP = { min: 0.5, max: 10, step: 0.5 } as const;

/** How tiles are drawn, kept while the panel is closed. */
export const tileView = linkedStore<Shading>("shading", DEFAULT_SHADING, { encode, decode });

/** The enlarged layer; null for none. */
export const enlargedTile = linkedStore<number | null>("tile-layer", null, {
  encode: String,
  decode: (code) => (/^\d+$/.test(code) ? Number(code) : null),
});

/** `energy*value*change*3*1`: colour map, drawn quantity, meaning of the hue, clip and gamma. */
function encode({ map, draws, hue, clip, gamma }: Shading): string {
  return [map, draws, hue, clip, Number(gamma.toFixed(1))].join("*");
}

function decode(code: string): Shading | null {
  const [named, drawn, coloured, clip, gamma] = code.split("*");
  const map = [...MAP_NAMES, "hue" as const].find((each) => each === named);
  const draws = DRAWS.find((each) => each === drawn);
  const hue = HUE_SIGNALS.find((each) => each === coloured);
  const isIn = (value: number, { min, max }: { min: number; max: number }) =>
    value >= min && value <= max;
  if (!map || !draws || !hue || !isIn(Number(clip), CLIP) || !isIn(Number(gamma), GAMMA)) {
    return null;
  }
  return { map, draws, hue, clip: Number(clip), gamma: Number(gamma) };
}
