import { xmlText } from "@/lib/text/characters";
import { paintOf } from "./svg/colour";
import { type Drawing, fillOf, makeElement, SVG } from "./svg/drawing";
import { embeddedFonts } from "./svg/fonts";
import { withRealPseudos } from "./svg/pseudo";
import { fontOf } from "./svg/texts";
import { drawElement } from "./svg/walk";

/** The texts around the picture of a panel. */
export interface PictureWords {
  readonly title: string;
  /** The unit and the hook point. */
  readonly subtitle: string;
  /** Model, token and settings, with which the picture can be reproduced. */
  readonly caption: readonly string[];
}

const MARGIN = 24;
const TITLE = { size: 15, baseline: 15, gap: 18 };
const LINE = 15;
const SMALL = 11;

/**
 * Returns a panel as an SVG with vector shapes, real text and embedded fonts.
 *
 * @param body the panel's content in the document
 * @param chosen the background colour of the picture; null for the page's own
 */
export async function panelSvg(
  body: Element,
  words: PictureWords,
  chosen: string | null,
): Promise<string> {
  const rect = body.getBoundingClientRect();
  const style = getComputedStyle(body);
  const sheet = paintOf(sheetOf(body)).hex;
  const ground = chosen ?? sheet;
  const width = Math.ceil(rect.width) + 2 * MARGIN;
  const captions = wrapped(words.caption, width - 2 * MARGIN, style);
  const top = MARGIN + TITLE.baseline + TITLE.gap + 14;
  const height = Math.ceil(top + rect.height + 22 + captions.length * LINE + MARGIN - 6);
  const root = makeElement("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  const to: Drawing = {
    root,
    defs: makeElement("defs"),
    origin: { x: rect.x - MARGIN, y: rect.y - top },
    families: new Set(),
    ground: { from: sheet, to: ground },
  };
  const described = [
    ["title", words.title],
    ["desc", [words.subtitle, ...words.caption].join(". ")],
  ] as const;
  for (const [name, content] of described) {
    root.append(Object.assign(document.createElementNS(SVG, name), { textContent: content }));
  }
  root.append(to.defs, makeElement("rect", { width, height, fill: ground }));
  const say = (content: string, y: number, look: Partial<Record<string, string | number>>) => {
    const text = makeElement("text", { x: MARGIN, y, ...fontOf(style, to), ...look });
    text.textContent = content;
    root.append(text);
  };
  const ink = fillOf(style.color, to) ?? {};
  const quiet = fillOf(quietOf(body), to) ?? {};
  say(words.title, MARGIN + TITLE.baseline, {
    ...ink,
    "font-size": TITLE.size,
    "font-weight": 600,
  });
  say(words.subtitle, MARGIN + TITLE.baseline + TITLE.gap, { ...quiet, "font-size": SMALL });
  withRealPseudos(body, () => drawElement(body, root, to));
  captions.forEach((line, i) => {
    say(line, top + rect.height + 30 + i * LINE, { ...quiet, "font-size": SMALL });
  });
  const fonts = makeElement("style");
  fonts.textContent = await embeddedFonts(to.families);
  to.defs.prepend(fonts);
  // XMLSerializer also writes characters that XML does not allow.
  const drawn = xmlText(new XMLSerializer().serializeToString(root));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${drawn}\n`;
}

/** Returns the background colour behind the panel. */
function sheetOf(body: Element): string {
  for (let element: Element | null = body; element; element = element.parentElement) {
    const { backgroundColor } = getComputedStyle(element);
    if (paintOf(backgroundColor).opacity > 0) return backgroundColor;
  }
  return "white";
}

/** Returns the colour of secondary text. */
function quietOf(body: Element): string {
  const probe = document.createElement("span");
  probe.style.color = "var(--quiet)";
  body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Joins the parts of a caption and breaks them into lines of at most `width` pixels. */
function wrapped(parts: readonly string[], width: number, style: CSSStyleDeclaration): string[] {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return [parts.join(" · ")];
  context.font = `${SMALL}px ${style.fontFamily}`;
  const lines: string[] = [];
  const words = parts.join(" · ").split(" ");
  for (const word of words) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && context.measureText(longer).width <= width) lines.splice(-1, 1, longer);
    else lines.push(word);
  }
  return lines;
}

/** The number of PNG pixels per CSS pixel. */
export const PNG_SCALE = 3;

/** Renders an SVG as a PNG. */
export async function rasterised(svg: string, scale = PNG_SCALE): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))));
  });
}
