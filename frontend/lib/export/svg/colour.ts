import { cache, once } from "@/lib/caching/cache";

export interface Paint {
  /** `#rrggbb`, which every drawing program can read. */
  readonly hex: string;
  /** 0 to 1. */
  readonly opacity: number;
}

const cachedPaint = cache<string, Paint>();

/** Converts any CSS colour to sRGB. A colour that cannot be parsed is transparent. */
export const paintOf = (colour: string): Paint =>
  cachedPaint(colour, () => {
    const context = onePixel();
    return context ? sampled(context, colour) : { hex: "#000000", opacity: 0 };
  });

const onePixel = once(() => {
  const canvas = document.createElement("canvas");
  canvas.width = 1;
  canvas.height = 1;
  return canvas.getContext("2d", { willReadFrequently: true });
});

function sampled(on: CanvasRenderingContext2D, colour: string): Paint {
  on.clearRect(0, 0, 1, 1);
  on.fillStyle = "rgba(0, 0, 0, 0)";
  on.fillStyle = colour;
  on.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0, alpha = 0] = on.getImageData(0, 0, 1, 1).data;
  const hex = [red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("");
  return { hex: `#${hex}`, opacity: Math.round((alpha / 255) * 1000) / 1000 };
}

/** Splits a CSS list at separators outside of parentheses. */
export function splitList(list: string, separator: RegExp = /,/): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const char of list) {
    if (char === "(") depth++;
    if (char === ")") depth--;
    if (depth === 0 && separator.test(char)) {
      parts.push(part.trim());
      part = "";
    } else part += char;
  }
  if (part.trim() !== "") parts.push(part.trim());
  return parts.filter((each) => each !== "");
}
