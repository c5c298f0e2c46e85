import { paintOf, splitList } from "./colour";
import { type Box, boxIn, type Drawing, fillOf, freshId, makeElement } from "./drawing";

/** Draws the background, borders and shadows without blur of an element. */
export function drawBoxes(
  element: Element,
  style: CSSStyleDeclaration,
  into: SVGElement,
  to: Drawing,
) {
  for (const rect of element.getClientRects()) {
    if (rect.width === 0 || rect.height === 0) continue;
    const box = boxIn(to, rect);
    drawShadows(style.boxShadow, box, into, to);
    const radius = radiusOf(style, box);
    const ground = fillOf(style.backgroundColor, to);
    if (ground) into.append(makeElement("rect", { ...box, rx: radius, ...ground }));
    drawGradient(style.backgroundImage, box, radius, into, to);
    drawBorders(style, box, radius, into);
  }
}

function radiusOf(style: CSSStyleDeclaration, { width, height }: Box): number | undefined {
  const radius = Number.parseFloat(style.borderTopLeftRadius);
  if (!(radius > 0)) return undefined;
  return Math.min(radius, width / 2, height / 2);
}

function drawGradient(
  image: string,
  box: Box,
  radius: number | undefined,
  into: SVGElement,
  to: Drawing,
) {
  const inner = /^linear-gradient\((.*)\)$/s.exec(image)?.[1];
  if (inner === undefined) return;
  const parts = splitList(inner);
  const [first = ""] = parts;
  const directed = /^to |deg$|turn$/.test(first);
  const stops = directed ? parts.slice(1) : parts;
  const id = freshId("gradient");
  const gradient = makeElement("linearGradient", { id, ...axisOf(directed ? first : "to bottom") });
  const paints = stops.map((stop) => paintOf(splitList(stop, /\s/)[0] ?? ""));
  stops.forEach((stop, i) => {
    const place = splitList(stop, /\s/)[1];
    const offset = place?.endsWith("%") ? place : `${(i / Math.max(1, stops.length - 1)) * 100}%`;
    const opacity = paints[i]?.opacity ?? 0;
    // CSS interpolates with premultiplied alpha, so a transparent stop does not darken the colour.
    // SVG does not, so a transparent stop takes the colour of its neighbour.
    const hex = (opacity > 0 ? paints[i] : (paints[i + 1] ?? paints[i - 1]))?.hex;
    gradient.append(makeElement("stop", { offset, "stop-color": hex, "stop-opacity": opacity }));
  });
  to.defs.append(gradient);
  into.append(makeElement("rect", { ...box, rx: radius, fill: `url(#${id})` }));
}

function axisOf(direction: string) {
  if (direction === "to right" || direction === "90deg") return { x1: 0, y1: 0, x2: 1, y2: 0 };
  if (direction === "to left" || direction === "270deg") return { x1: 1, y1: 0, x2: 0, y2: 0 };
  if (direction === "to top" || direction === "0deg") return { x1: 0, y1: 1, x2: 0, y2: 0 };
  return { x1: 0, y1: 0, x2: 0, y2: 1 };
}

const SIDES = ["Top", "Right", "Bottom", "Left"] as const;

function drawBorders(
  style: CSSStyleDeclaration,
  box: Box,
  radius: number | undefined,
  into: SVGElement,
) {
  const sides = SIDES.map((side) => ({
    side,
    width: Number.parseFloat(style[`border${side}Width`]),
    colour: paintOf(style[`border${side}Color`]),
    dashed: style[`border${side}Style`] === "dashed",
  })).filter(({ side, width, colour }) => {
    return width > 0 && colour.opacity > 0 && style[`border${side}Style`] !== "none";
  });
  const [first] = sides;
  if (!first) return;
  const stroke = (of: typeof first) => ({
    stroke: of.colour.hex,
    "stroke-opacity": of.colour.opacity < 1 ? of.colour.opacity : undefined,
    "stroke-width": of.width,
    "stroke-dasharray": of.dashed ? `${of.width * 3} ${of.width * 2}` : undefined,
    fill: "none",
  });
  if (sides.length === SIDES.length) {
    const half = first.width / 2;
    const inset = {
      x: box.x + half,
      y: box.y + half,
      width: box.width - first.width,
      height: box.height - first.width,
    };
    into.append(makeElement("rect", { ...inset, rx: radius, ...stroke(first) }));
    return;
  }
  for (const of of sides)
    into.append(makeElement("path", { d: edge(of.side, of.width, box), ...stroke(of) }));
}

function edge(side: (typeof SIDES)[number], width: number, { x, y, width: w, height: h }: Box) {
  const half = width / 2;
  const at = (value: number) => Math.round(value * 100) / 100;
  if (side === "Top") return `M${at(x)} ${at(y + half)}h${at(w)}`;
  if (side === "Bottom") return `M${at(x)} ${at(y + h - half)}h${at(w)}`;
  if (side === "Left") return `M${at(x + half)} ${at(y)}v${at(h)}`;
  return `M${at(x + w - half)} ${at(y)}v${at(h)}`;
}

/**
 * Draws the parts of shadows without blur, which are used as lines, that the box does not cover.
 */
function drawShadows(shadows: string, box: Box, into: SVGElement, to: Drawing) {
  if (shadows === "none" || shadows === "") return;
  for (const shadow of splitList(shadows)) {
    const parts = splitList(shadow, /\s/);
    const lengths = parts.filter((part) => /^-?[\d.]+px$/.test(part)).map(Number.parseFloat);
    const colour = parts.find((part) => !/^-?[\d.]+px$/.test(part) && part !== "inset") ?? "";
    const [dx = 0, dy = 0, blur = 0, spread = 0] = lengths;
    const fill = fillOf(colour, to);
    if (!fill || blur > 0 || parts.includes("inset")) continue;
    const outer = {
      x: box.x + dx - spread,
      y: box.y + dy - spread,
      width: box.width + 2 * spread,
      height: box.height + 2 * spread,
    };
    for (const part of without(outer, box)) into.append(makeElement("rect", { ...part, ...fill }));
  }
}

/** Returns the parts of `outer` that are outside `inner`. */
function without(outer: Box, inner: Box): Box[] {
  const top = Math.max(outer.y, inner.y);
  const bottom = Math.min(outer.y + outer.height, inner.y + inner.height);
  const right = inner.x + inner.width;
  const parts = [
    { ...outer, height: top - outer.y },
    { ...outer, y: bottom, height: outer.y + outer.height - bottom },
    { x: outer.x, y: top, width: inner.x - outer.x, height: bottom - top },
    { x: right, y: top, width: outer.x + outer.width - right, height: bottom - top },
  ];
  return parts.filter(({ width, height }) => width > 0 && height > 0);
}
