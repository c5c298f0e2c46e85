import { drawBoxes } from "./boxes";
import { paintOf } from "./colour";
import { boxIn, type Drawing, freshId, makeElement, round, SVG } from "./drawing";
import { flattened } from "./flatten";
import { drawText } from "./texts";

/** Elements whose boxes make them look like controls. A picture has what is chosen, as plain text. */
const CONTROL = "button, select, [role=group]:has(> button[aria-pressed])";

/**
 * Draws an element and its descendants in document order: boxes, text, pictures. Of the page's
 * controls it draws what is chosen.
 */
export function drawElement(element: Element, into: SVGElement, to: Drawing): void {
  const style = getComputedStyle(element);
  if (isUnseen(element, style)) return;
  const group = element.matches("button[aria-pressed]")
    ? movedToStart(element, style, into)
    : groupFor(style, into);
  if (element instanceof SVGSVGElement) {
    drawSvg(element, group, to);
    return;
  }
  if (!element.matches(CONTROL)) drawBoxes(element, style, group, to);
  if (element instanceof HTMLCanvasElement) drawCanvas(element, group, to);
  else if (element instanceof HTMLSelectElement) drawChoice(element, group, to);
  else {
    const inner = style.overflow === "visible" ? group : clipped(element, group, to);
    for (const child of element.childNodes) {
      if (child instanceof Text) drawText(child, style, inner, to);
      else if (child instanceof Element) drawElement(child, inner, to);
    }
  }
}

/** Whether an element is invisible, or a control that has no text or is not chosen. */
function isUnseen(element: Element, style: CSSStyleDeclaration): boolean {
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0")
    return true;
  if (element.matches("input, textarea, option, [data-export=skip]")) return true;
  if (element.matches("button[aria-pressed=false]")) return true;
  if (element.matches("label:has(input[type=checkbox]:not(:checked))")) return true;
  if (element.matches("button") && element.textContent?.trim() === "") return true;
  const { width, height } = element.getBoundingClientRect();
  // Text that is only for screen readers is a clipped box of one pixel.
  return width <= 1 && height <= 1 && style.position === "absolute" && style.overflow === "hidden";
}

function groupFor(style: CSSStyleDeclaration, into: SVGElement): SVGElement {
  if (style.opacity === "1") return into;
  const group = makeElement("g", { opacity: style.opacity });
  into.append(group);
  return group;
}

/** Returns a group in which a chosen button stands where its group of buttons begins. */
function movedToStart(button: Element, style: CSSStyleDeclaration, into: SVGElement): SVGElement {
  const start = button.parentElement?.getBoundingClientRect().left ?? 0;
  const padding = Number.parseFloat(style.paddingLeft) || 0;
  const by = start - button.getBoundingClientRect().left - padding;
  const group = makeElement("g", { transform: `translate(${round(by)} 0)` });
  into.append(group);
  return group;
}

function clipped(element: Element, into: SVGElement, to: Drawing): SVGElement {
  const id = freshId("clip");
  const clip = makeElement("clipPath", { id });
  clip.append(makeElement("rect", { ...boxIn(to, element.getBoundingClientRect()) }));
  to.defs.append(clip);
  const group = makeElement("g", { "clip-path": `url(#${id})` });
  into.append(group);
  return group;
}

function drawCanvas(canvas: HTMLCanvasElement, into: SVGElement, to: Drawing): void {
  if (canvas.width === 0 || canvas.height === 0) return;
  const box = boxIn(to, canvas.getBoundingClientRect());
  const href = canvas.toDataURL("image/png");
  into.append(makeElement("image", { ...box, href, preserveAspectRatio: "none" }));
}

/** Draws the text of the selected option where the box begins, centred vertically. */
function drawChoice(select: HTMLSelectElement, into: SVGElement, to: Drawing): void {
  const [option] = select.selectedOptions;
  const style = getComputedStyle(select);
  const { left, top, height } = select.getBoundingClientRect();
  const span = document.createElement("span");
  span.textContent = option?.textContent ?? "";
  for (const name of ["font", "color", "letter-spacing"]) {
    span.style.setProperty(name, style.getPropertyValue(name));
  }
  span.style.cssText += `;position:fixed;left:0;top:0;line-height:${height}px;white-space:pre`;
  select.parentElement?.append(span);
  // A panel may contain fixed elements, so that they are not placed in the window.
  const placed = span.getBoundingClientRect();
  span.style.left = `${left - placed.left}px`;
  span.style.top = `${top - placed.top}px`;
  for (const text of span.childNodes) {
    if (text instanceof Text) drawText(text, getComputedStyle(span), into, to);
  }
  span.remove();
}

/** Properties of SVG elements that are set by style sheets, which the picture does not have. */
const LOOKS = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "opacity",
  "vector-effect",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "dominant-baseline",
  "letter-spacing",
  "visibility",
] as const;

function drawSvg(source: SVGSVGElement, into: SVGElement, to: Drawing): void {
  const copy = source.cloneNode(true) as SVGSVGElement;
  const from = [source, ...source.querySelectorAll("*")];
  const made = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, i) => {
    const target = made[i];
    if (target) inlineStyle(element, target, to);
  });
  const { x, y, width, height } = boxIn(to, source.getBoundingClientRect());
  for (const [name, value] of Object.entries({ x, y, width, height })) {
    copy.setAttribute(name, String(Math.round(value * 100) / 100));
  }
  if (getComputedStyle(source).overflow === "visible") copy.setAttribute("overflow", "visible");
  into.append(copy);
  from.forEach((element, i) => {
    const flat = flattened(element, to);
    const look = made[i];
    if (!flat || !look) return;
    for (const name of ["vector-effect", "transform", "d", "points"]) look.removeAttribute(name);
    look.setAttribute("d", flat);
    into.append(asPath(look));
  });
}

function asPath(look: Element): SVGElement {
  look.remove();
  const path = makeElement("path");
  for (const { name, value } of look.attributes) path.setAttribute(name, value);
  return path;
}

function inlineStyle(element: Element, target: Element, to: Drawing): void {
  const style = getComputedStyle(element);
  for (const name of LOOKS) {
    const value = style.getPropertyValue(name);
    if (value === "" || value === "none" || value === "normal" || value === "auto") {
      if (name === "fill" && value === "none") target.setAttribute(name, value);
      continue;
    }
    target.setAttribute(name, name === "fill" || name === "stroke" ? hexOf(value) : value);
  }
  if (element instanceof SVGTextElement || element.namespaceURI !== SVG) {
    to.families.add(style.fontFamily.split(",")[0]?.replaceAll(/["']/g, "") ?? "");
  }
  for (const name of ["class", "style", "aria-hidden"]) target.removeAttribute(name);
}

/** Converts a colour to a form that other programs can read; references to gradients stay. */
function hexOf(value: string): string {
  if (value.startsWith("url(")) return value;
  const { hex, opacity } = paintOf(value);
  if (opacity === 0) return "none";
  if (opacity === 1) return hex;
  const alpha = Math.round(opacity * 255)
    .toString(16)
    .padStart(2, "0");
  return `${hex}${alpha}`;
}
