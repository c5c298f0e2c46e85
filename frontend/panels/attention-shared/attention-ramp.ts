import { cache } from "@/lib/caching/cache";
import type { Rgb } from "@/lib/colour/oklab";
import { css, evenTable, type Theme } from "@/lib/colour/ramp";

const tableOf = cache<Theme, readonly Rgb[]>();
const pixelsOf = cache<Theme, Uint32Array>();

/**
 * The ramp of maps that belong to arcs: from the background to the colour of attention and, with the
 * same steps of lightness, beyond it.
 */
const attentionTable = (theme: Theme): readonly Rgb[] =>
  tableOf(theme, () =>
    evenTable(
      theme === "light"
        ? [
            [0.96, 0.012, 293],
            [0.66, 0.13, 293],
            [0.36, 0.17, 293],
          ]
        : [
            [0.27, 0.03, 285],
            [0.595, 0.13, 293],
            [0.92, 0.07, 300],
          ],
    ),
  );

/** Returns the ramp as opaque pixels of an ImageData, in the byte order of this machine. */
export const attentionPixels = (theme: Theme): Uint32Array =>
  pixelsOf(theme, () => {
    const bytes = new Uint8ClampedArray(
      attentionTable(theme).flatMap((colour) => [...colour, 255]),
    );
    return new Uint32Array(bytes.buffer);
  });

/** Returns a CSS gradient of the ramp, for a legend. */
export function attentionGradient(theme: Theme): string {
  const table = attentionTable(theme);
  const stops = Array.from({ length: 9 }, (_, i) =>
    css(table[Math.round((i / 8) * (table.length - 1))] as Rgb),
  );
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
