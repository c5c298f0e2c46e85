import { colourMap, HUES, hueRow, isDiverging, type MapName } from "@/lib/colour/maps";
import type { Rgb } from "@/lib/colour/oklab";
import { SIZE, type Theme } from "@/lib/colour/ramp";

export const DRAWS = ["value", "magnitude", "change"] as const;
export const HUE_SIGNALS = ["change", "sign"] as const;

/** How the numbers of tiles become colours. It is the same for all tokens. */
export interface Shading {
  /** A colour map; `hue` shows the magnitude as lightness and a second signal as hue. */
  readonly map: MapName | "hue";
  /** What the colour map shows; `hue` always shows the magnitude. */
  readonly draws: (typeof DRAWS)[number];
  /** The second signal of `hue`. */
  readonly hue: (typeof HUE_SIGNALS)[number];
  /** The number of standard deviations with the strongest colour. */
  readonly clip: number;
  /** The exponent applied to the fraction of the clip; below 1 it emphasises small values. */
  readonly gamma: number;
}

export const DEFAULT_SHADING: Shading = {
  map: "energy",
  draws: "value",
  hue: "change",
  clip: 3,
  gamma: 1,
};

/**
 * Entries of a table on each side of 0. There are more than colours, so that gamma causes no
 * visible steps.
 */
const STEPS = 512;
const WIDTH = 2 * STEPS + 1;

/**
 * RGBA in the byte order of ImageData on little-endian machines, the only ones that browsers run
 * on.
 */
const pack = ([red, green, blue]: Rgb) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/**
 * Returns a lookup table from a clipped number (-clip to clip in `WIDTH` entries) to its colour. It
 * includes gamma, so that no power is computed per cell. For `hue` it is a table for each hue,
 * joined.
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

/** Maps a fraction of the clip, from -1 to 1, to a position on the colour map, from 0 to 1. */
export function placeOf(share: number, { map, draws, gamma }: Shading): number {
  const size = Math.abs(share) ** gamma;
  if (draws === "magnitude") return map !== "hue" && isDiverging(map) ? 0.5 + size / 2 : size;
  return 0.5 + (Math.sign(share) * size) / 2;
}

export interface Shaded {
  /** The number of cells with a value. */
  readonly cells: number;
  /** The number of these that are beyond the clip. */
  readonly clipped: number;
}

/**
 * Writes the colours of `values`; NaN is transparent. `before` are the values of the same cells at
 * the previous token; without them no change is drawn.
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

/** Returns a function from a cell to its row of the table. */
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

/**
 * Returns the root mean square of each layer's cells, in standard deviations from the layer's mean;
 * NaN for a layer without values.
 */
export function sizesOf(values: Float32Array, layers: number): Float32Array {
  const cells = values.length / layers;
  return Float32Array.from({ length: layers }, (_, layer) => {
    let sum = 0;
    for (let i = layer * cells; i < (layer + 1) * cells; i++) sum += (values[i] as number) ** 2;
    return Math.sqrt(sum / cells);
  });
}
