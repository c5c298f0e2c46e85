import { RAMPS, type Theme } from "./ramp";

const tables = new Map<Theme, Uint32Array>();

/** The ramp as opaque pixels of an ImageData, in the byte order of this machine. */
export function rampPixels(theme: Theme): Uint32Array {
  const known = tables.get(theme);
  if (known) return known;
  const bytes = new Uint8ClampedArray(RAMPS[theme].flatMap((colour) => [...colour, 255]));
  const table = new Uint32Array(bytes.buffer);
  tables.set(theme, table);
  return table;
}

/** The pixel of a share from 0 to 1; clear where there is none. */
export const pixelOf = (table: Uint32Array, share: number): number =>
  share >= 0 ? (table[Math.round(Math.min(1, share) * (table.length - 1))] as number) : 0;
