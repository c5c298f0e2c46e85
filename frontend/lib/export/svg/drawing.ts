import { paintOf } from "./colour";

export const SVG = "http://www.w3.org/2000/svg";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG under construction, in the coordinates of the drawn element. */
export interface Drawing {
  readonly root: SVGElement;
  readonly defs: SVGElement;
  /** The position of the picture's top left corner on the page. */
  readonly origin: { readonly x: number; readonly y: number };
  /** The font families that its texts use. */
  readonly families: Set<string>;
  /** Replaces one fill colour: that of the page's background by that of the picture's. */
  readonly ground: { readonly from: string; readonly to: string };
}

export function makeElement(name: string, attributes: Attributes = {}): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) {
      made.setAttribute(key, typeof value === "number" ? String(round(value)) : value);
    }
  }
  return made;
}

/** Rounds to hundredths of a pixel, which is precise enough and half as long. */
export const round = (value: number): number => Math.round(value * 100) / 100;

/** Returns attributes that fill with a CSS colour; null if it is fully transparent. */
export function fillOf(colour: string, { ground }: Drawing): Attributes | null {
  const { hex, opacity } = paintOf(colour);
  if (opacity === 0) return null;
  return {
    fill: hex === ground.from ? ground.to : hex,
    "fill-opacity": opacity < 1 ? opacity : undefined,
  };
}

/** Converts a rectangle of the page to the picture's coordinates. */
export function boxIn({ origin }: Drawing, rect: DOMRect): Box {
  return { x: rect.x - origin.x, y: rect.y - origin.y, width: rect.width, height: rect.height };
}

/** Returns an id for a definition that is unique even if several pictures are in one document. */
export const freshId = numberedIds();

function numberedIds(): (kind: string) => string {
  let count = 0;
  return (kind) => `mav-${kind}-${++count}`;
}
