import { type ClassValue, clsx } from "clsx";
import { createTailwindMerge } from "tailwind-merge";

const any = () => true;
const isLength = (value: string) => /^\[[\d.]+(rem|em|px)\]$/.test(value);
const isWidth = (value: string) => /^\d+$/.test(value) || isLength(value);
const isColour = (value: string) =>
  /^(rule|edge|brim|sheet|paper|well|ink|quiet|data|accent|transparent|current)\b/.test(value);
const SIDES = ["x", "y", "t", "r", "b", "l"];
const SIZES = ["micro", "xs", "small", "sm", "base", "lg", "xl", "2xl", "3xl", "4xl", isLength];

/** For each of these names a group of the classes that are it or begin with it. */
const named = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, [{ [name]: ["", any] }]]));

/** `p`, `px`, `pt` and so on, each a group of its own. */
const sides = (name: string) => named(name, ...SIDES.map((side) => name + side));

/** What a later class of the same name without a side, or of two sides, takes the place of. */
const overSides = (name: string) => ({
  [name]: SIDES.map((side) => name + side),
  [`${name}x`]: [`${name}l`, `${name}r`],
  [`${name}y`]: [`${name}t`, `${name}b`],
});

/**
 * The kinds of classes that the site uses; the library's own list of all of Tailwind is larger than
 * all code of the first load that uses it. A test compares both.
 */
const merge = createTailwindMerge(() => ({
  cacheSize: 500,
  theme: {},
  classGroups: {
    display: "block inline inline-block flex inline-flex grid table contents hidden".split(" "),
    position: ["static", "fixed", "absolute", "relative", "sticky"],
    visibility: ["visible", "invisible"],
    "sr-only": ["sr-only", "not-sr-only"],
    "flex-direction": ["flex-row", "flex-col", "flex-col-reverse"],
    "text-align": [{ text: ["left", "center", "right"] }],
    "font-size": [{ text: SIZES }],
    "text-wrap": [{ text: ["wrap", "nowrap", "balance", "pretty"] }],
    "text-color": [{ text: [any] }],
    "font-weight": [{ font: ["normal", "medium", "semibold", "bold"] }],
    "font-family": [{ font: ["sans", "serif", "mono"] }],
    border: [{ border: ["", isWidth] }],
    ...Object.fromEntries(
      SIDES.map((side) => [`border${side}`, [{ [`border-${side}`]: ["", isWidth] }]]),
    ),
    "border-color": [{ border: [isColour] }],
    outline: [{ outline: ["", isWidth] }],
    "outline-color": [{ outline: [isColour] }],
    ...named("leading", "bg", "rounded", "rounded-b", "rounded-bl", "shadow", "opacity", "cursor"),
    ...named("z", "size", "h", "w", "min-w", "max-w", "min-h", "max-h", "gap", "gap-x", "gap-y"),
    ...named("transition", "fill", "justify", "items", "left", "right", "top", "bottom"),
    ...named("inset", "inset-x", "inset-y", "basis", "shrink", "order", "col-span", "row-span"),
    flex: [{ flex: ["none", "auto", isWidth] }],
    ...named("overflow", "overflow-y", "line-clamp", "whitespace", "tracking", "space-y"),
    ...named("grid-cols", "grid-rows", "outline-offset", "resize", "rotate", "translate-x"),
    ...named("touch", "accent"),
    ...sides("p"),
    ...sides("m"),
  },
  conflictingClassGroups: {
    size: ["h", "w"],
    gap: ["gap-x", "gap-y"],
    inset: ["inset-x", "inset-y", "left", "right", "top", "bottom"],
    "inset-x": ["left", "right"],
    "inset-y": ["top", "bottom"],
    flex: ["basis", "shrink"],
    overflow: ["overflow-y"],
    rounded: ["rounded-b", "rounded-bl"],
    "rounded-b": ["rounded-bl"],
    "line-clamp": ["display", "overflow"],
    "font-size": ["leading"],
    ...overSides("p"),
    ...overSides("m"),
    ...overSides("border"),
  },
  conflictingClassGroupModifiers: {},
  orderSensitiveModifiers: [],
}));

/** Join class names; of two that contradict each other the later one counts. */
export const classNames = (...classes: ClassValue[]): string => merge(clsx(classes));
