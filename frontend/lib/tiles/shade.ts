import { colourMap, HUES, hueRow, isDiverging, type MapName } from "@/lib/colour/maps";
import type { Rgb } from "@/lib/colour/oklab";
import { SIZE, type Theme } from "@/lib/colour/ramp";

export const DRAWS = ["value", "magnitude", "change"] as const;
export const HUE_SIGNALS = ["change", "sign"] as const;

/** How the numbers of tiles become colours; all of it stays put from token to token. */
export interface Shading {
  /** `hue` draws the magnitude as lightness and a second signal as hue. */
  readonly map: MapName | "hue";
  /** What a map draws; `hue` always draws the magnitude. */
  readonly draws: (typeof DRAWS)[number];
  /** The second signal of `hue`. */
  readonly hue: (typeof HUE_SIGNALS)[number];
  /** The number, in deviations, at which the colour is strongest. */
  readonly clip: number;
  /** Exponent of the magnitude's share of the clip: below 1 lifts what is small. */
  readonly gamma: number;
}

export const DEFAULT_SHADING: Shading = {
  map: "energy",
  draws: "value",
  hue: "change",
  clip: 3,
  gamma: 1,
};

/** Steps of a table on each side of 0: finer than the colours, so that gamma leaves no bands. */
const STEPS = 512;
const WIDTH = 2 * STEPS + 1;

/** RGBA as ImageData keeps it, on machines that put the lowest byte first, as all browsers' do. */
const pack = ([red, green, blue]: Rgb) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/**
 * The table from a clipped number (-clip to clip in `WIDTH` steps) to its colour, with gamma in it:
 * no power is taken of any cell. For `hue` one after the other for each hue.
 */
export function shadeTable(shading: Shading, theme: Theme): Uint32Array {
  if (shading.map !== "hue") return rowOf(colourMap(shading.map, theme), shading);
  const table = new Uint32Array(HUES * WIDTH);
  const magnitude = { ...shading, map: "gray", draws: "magnitude" } as const;
  for (let hue = 0; hue < HUES; hue++) {
    table.set(rowOf(hueRow(hue, theme), magnitude), hue * WIDTH);
  }
  return table;
}

function rowOf(colours: readonly Rgb[], shading: Shading): Uint32Array {
  return Uint32Array.from({ length: WIDTH }, (_, i) => {
    const place = Math.round(placeOf((i - STEPS) / STEPS, shading) * (SIZE - 1));
    return pack(colours[place] ?? [0, 0, 0]);
  });
}

/** Where a share from -1 to 1 of the clip stands on a map from 0 to 1. */
export function placeOf(share: number, { map, draws, gamma }: Shading): number {
  const size = Math.abs(share) ** gamma;
  if (draws === "magnitude") return map !== "hue" && isDiverging(map) ? 0.5 + size / 2 : size;
  return 0.5 + (Math.sign(share) * size) / 2;
}

export interface Shaded {
  /** Cells with a number. */
  readonly cells: number;
  /** Those of them that lie beyond the clip. */
  readonly clipped: number;
}

/**
 * Colours for numbers of any shape, in their order; what does not exist stays clear. `before` are
 * the same cells at the token before; without it there is no change to draw.
 */
export function shade(
  into: Uint32Array,
  values: Float32Array,
  before: Float32Array | undefined,
  shading: Shading,
  table: Uint32Array,
): Shaded {
  const changes = shading.map !== "hue" && shading.draws === "change";
  const toStep = STEPS / shading.clip;
  const toHue = hueOf(shading, before);
  let cells = 0;
  let clipped = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const drawn = changes ? value - (before?.[i] ?? Number.NaN) : value;
    if (Number.isNaN(drawn)) {
      into[i] = 0;
      continue;
    }
    cells++;
    let place = Math.round(drawn * toStep);
    if (place > STEPS || place < -STEPS) {
      clipped++;
      place = place > 0 ? STEPS : -STEPS;
    }
    into[i] = table[toHue(value, i) * WIDTH + place + STEPS] as number;
  }
  return { cells, clipped };
}

const GREY = (HUES - 1) / 2;

/** Which row of the table a cell takes. */
function hueOf(
  { map, hue, clip }: Shading,
  before: Float32Array | undefined,
): (value: number, cell: number) => number {
  if (map !== "hue") return () => 0;
  if (hue === "sign") return (value) => GREY + Math.sign(value) * GREY;
  if (!before) return () => GREY;
  return (value, cell) => {
    const share = (value - (before[cell] as number)) / clip;
    if (Number.isNaN(share)) return GREY;
    return Math.round(GREY + Math.max(-1, Math.min(1, share)) * GREY);
  };
}

/** The root mean square of each layer's cells, NaN where it has none: how far from its mean. */
export function sizesOf(values: Float32Array, layers: number): Float32Array {
  const cells = values.length / layers;
  return Float32Array.from({ length: layers }, (_, layer) => {
    let sum = 0;
    for (let i = layer * cells; i < (layer + 1) * cells; i++) sum += (values[i] as number) ** 2;
    return Math.sqrt(sum / cells);
  });
}
