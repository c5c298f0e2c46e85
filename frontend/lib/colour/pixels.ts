import { cache } from "@/lib/caching/cache";
import { RAMPS, type RampName, type Theme } from "./ramp";

const cachedTable = cache<string, Uint32Array>();

/** Returns a ramp as opaque pixels of an ImageData, in the byte order of this machine. */
export const rampPixels = (ramp: RampName, theme: Theme): Uint32Array =>
  cachedTable(`${ramp} ${theme}`, () => {
    const bytes = new Uint8ClampedArray(RAMPS[ramp][theme].flatMap((colour) => [...colour, 255]));
    return new Uint32Array(bytes.buffer);
  });

/** Returns the pixel of a fraction from 0 to 1; transparent for NaN and negative values. */
export const pixelOf = (table: Uint32Array, share: number): number =>
  share >= 0 ? (table[Math.round(Math.min(1, share) * (table.length - 1))] as number) : 0;
