import { type ClassValue, clsx } from "clsx";
import { createTailwindMerge } from "tailwind-merge";

const any = () => true;
const isLength = (value: string) => /^\[[\d.]+(rem|em|px)\]$/.test(value);
const isWidth = (value: string) => /^\d+$/.test(value) || isLength(value);
const isColour = (value: string) =>
  /^(rule|edge|brim|sheet|paper|well|ink|quiet|data|stream|attention|accent|error|transparent|current)\b/.test(
    value,
  );
const SIDES = ["x", "y", "t", "r", "b", "l"];
const SIZES = ["micro", "xs", "small", "sm", "base", "lg", "xl", "2xl", "3xl", "4xl", isLength];

/** Returns one class group per name: the class of that name and all classes that begin with it. */
const named = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, [{ [name]: ["", any] }]]));

/** Returns the groups `p`, `px`, `pt` and so on. */
const sides = (name: string) => named(name, ...SIDES.map((side) => name + side));

/**
 * The sides that a later class overrides: `p` overrides `px` and `pt`, `px` overrides `pl` and
 * `pr`.
 */
const overSides = (name: string) => ({
  [name]: SIDES.map((side) => name + side),
  [`${name}x`]: [`${name}l`, `${name}r`],
  [`${name}y`]: [`${name}t`, `${name}b`],
});

/**
 * Only the classes that the site uses, to keep the first load small. A test compares the results
 * with those of tailwind-merge's full configuration.
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
    ...named(
      "leading",
      "bg",
      "rounded",
      "rounded-l",
      "rounded-b",
      "rounded-bl",
      "shadow",
      "opacity",
      "cursor",
    ),
    ...named("z", "size", "h", "w", "min-w", "max-w", "min-h", "max-h", "gap", "gap-x", "gap-y"),
    ...named("transition", "fill", "justify", "items", "left", "right", "top", "bottom"),
    ...named("inset", "inset-x", "inset-y", "basis", "shrink", "order", "col-span", "row-span"),
    flex: [{ flex: ["none", "auto", isWidth] }],
    ...named("align", "self", "scroll-mt", "underline-offset"),
    "stroke-color": [{ stroke: [isColour] }],
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
    rounded: ["rounded-l", "rounded-b", "rounded-bl"],
    "rounded-l": ["rounded-bl"],
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

/** Joins class names. If two set the same property, the later one is kept. */
export const classNames = (...classes: ClassValue[]): string => merge(clsx(classes));
