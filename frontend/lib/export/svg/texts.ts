import { cache, once } from "@/lib/caching/cache";
import { splitList } from "./colour";
import { boxIn, type Drawing, fillOf, makeElement } from "./drawing";

/** A piece of text on one line. */
interface Run {
  text: string;
  left: number;
  right: number;
  readonly top: number;
  readonly height: number;
}

/** Draws the text of a node line by line, where the browser has laid it out. */
export function drawText(node: Text, style: CSSStyleDeclaration, into: SVGElement, to: Drawing) {
  const fill = fillOf(style.color, to);
  if (!fill || Number.parseFloat(style.fontSize) === 0) return;
  const vertical = style.writingMode.startsWith("vertical");
  for (const run of runsOf(node, style)) {
    if (run.text.trim() === "") continue;
    const rect = new DOMRect(run.left, run.top, run.right - run.left, run.height);
    const { x, y, width, height } = boxIn(to, rect);
    const made = makeElement("text", {
      ...(vertical
        ? turned(style, { x: x + width / 2, y: y + height / 2 })
        : { x, y: y + ascentOf(style) }),
      ...fill,
      ...fontOf(style, to),
      // A fixed width, so that a fallback font does not change the layout.
      textLength: vertical || run.text.length < 2 ? undefined : width,
      lengthAdjust: vertical || run.text.length < 2 ? undefined : "spacingAndGlyphs",
    });
    made.textContent = transformed(run.text, style.textTransform);
    into.append(made);
  }
}

function runsOf(node: Text, style: CSSStyleDeclaration): Run[] {
  const collapsed =
    !style.whiteSpace.startsWith("pre") && !style.whiteSpace.includes("break-spaces");
  const runs: Run[] = [];
  for (const { index, 0: word } of node.data.matchAll(/\s+|\S+/g)) {
    const range = document.createRange();
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const rects = [...range.getClientRects()].filter(({ width }) => width > 0);
    const [rect] = rects;
    if (!rect) continue;
    const written = /^\s/.test(word) && collapsed ? " " : word;
    if (rects.length === 1) join(runs, written, rect);
    else for (const part of byCharacter(node, index, word)) join(runs, part.text, part.rect);
  }
  return runs;
}

/** Yields a word that is broken over lines one character at a time. */
function* byCharacter(node: Text, start: number, word: string) {
  let at = start;
  for (const text of word) {
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + text.length);
    at += text.length;
    const rect = range.getBoundingClientRect();
    if (rect.width > 0) yield { text, rect };
  }
}

function join(runs: Run[], text: string, rect: DOMRect) {
  const last = runs.at(-1);
  if (last && Math.abs(last.top - rect.top) < 1 && Math.abs(last.right - rect.left) < 1.5) {
    last.text += text;
    last.right = rect.right;
    return;
  }
  const { left, right, top, height } = rect;
  runs.push({ text, left, right, top, height });
}

const cachedAscent = cache<string, number>();
const textContext = once(() => document.createElement("canvas").getContext("2d"));

/**
 * Returns the distance from the top of a line box to its baseline, in whole pixels as browsers
 * round it.
 */
function ascentOf(style: CSSStyleDeclaration): number {
  const font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  return cachedAscent(font, () => {
    const context = textContext();
    if (!context) return Number.parseFloat(style.fontSize) * 0.95;
    context.font = font;
    return Math.round(context.measureText("x").fontBoundingBoxAscent);
  });
}

export function fontOf(style: CSSStyleDeclaration, to: Drawing) {
  for (const family of splitList(style.fontFamily)) to.families.add(family.replaceAll(/["']/g, ""));
  const special = {
    "font-variant-numeric": style.fontVariantNumeric,
    "font-feature-settings": style.fontFeatureSettings,
  };
  const css = Object.entries(special).filter(([, value]) => value && value !== "normal");
  return {
    "font-family": style.fontFamily,
    "font-size": Number.parseFloat(style.fontSize),
    "font-weight": style.fontWeight === "400" ? undefined : style.fontWeight,
    "font-style": style.fontStyle === "normal" ? undefined : style.fontStyle,
    "letter-spacing": style.letterSpacing === "normal" ? undefined : style.letterSpacing,
    style: ["white-space:pre", ...css.map(([name, value]) => `${name}:${value}`)].join(";"),
  };
}

/**
 * Returns attributes for text that runs from top to bottom, or from bottom to top if it is rotated.
 */
function turned(style: CSSStyleDeclaration, { x, y }: { x: number; y: number }) {
  const up = style.rotate === "180deg";
  return {
    "text-anchor": "middle",
    dy: "0.35em",
    transform: `translate(${Math.round(x * 100) / 100} ${Math.round(y * 100) / 100}) rotate(${up ? -90 : 90})`,
  };
}

function transformed(text: string, how: string): string {
  if (how === "uppercase") return text.toUpperCase();
  return how === "lowercase" ? text.toLowerCase() : text;
}
