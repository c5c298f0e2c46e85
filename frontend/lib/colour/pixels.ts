import { cache } from "@/lib/caching/cache";
import { RAMPS, type Theme } from "./ramp";

const cachedTable = cache<Theme, Uint32Array>();

/** Returns the ramp as opaque pixels of an ImageData, in the byte order of this machine. */
export const rampPixels = (theme: Theme): Uint32Array =>
  cachedTable(theme, () => {
    const bytes = new Uint8ClampedArray(RAMPS[theme].flatMap((colour) => [...colour, 255]));
    return new Uint32Array(bytes.buffer);
  });

/** Returns the pixel of a fraction from 0 to 1; transparent for NaN and negative values. */
export const pixelOf = (table: Uint32Array, share: number): number =>
  share >= 0 ? (table[Math.round(Math.min(1, share) * (table.length - 1))] as number) : 0;
