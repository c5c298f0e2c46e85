import { paintOf } from "./colour";

export const SVG = "http://www.w3.org/2000/svg";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG under construction, in the coordinates of what is drawn. */
export interface Drawing {
  readonly root: SVGElement;
  readonly defs: SVGElement;
  /** Where the picture's corner is on the page. */
  readonly origin: { readonly x: number; readonly y: number };
  /** Names of the fonts that its texts are set in. */
  readonly families: Set<string>;
  /** A colour that is drawn as another one: the page's sheet becomes the picture's ground. */
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

/** A hundredth of a pixel is finer than any eye and half as long as what the browser tells. */
export const round = (value: number): number => Math.round(value * 100) / 100;

/** Attributes that fill with a colour of CSS; null where nothing would be seen. */
export function fillOf(colour: string, { ground }: Drawing): Attributes | null {
  const { hex, opacity } = paintOf(colour);
  if (opacity === 0) return null;
  return {
    fill: hex === ground.from ? ground.to : hex,
    "fill-opacity": opacity < 1 ? opacity : undefined,
  };
}

/** A box of the page in the picture's coordinates. */
export function boxIn({ origin }: Drawing, rect: DOMRect): Box {
  return { x: rect.x - origin.x, y: rect.y - origin.y, width: rect.width, height: rect.height };
}

let count = 0;

/** A name for a definition, unlike any other even where pictures stand in one document. */
export const freshId = (kind: string): string => `mav-${kind}-${++count}`;
