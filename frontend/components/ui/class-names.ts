import { type ClassValue, clsx } from "clsx";
import { createTailwindMerge } from "tailwind-merge";

const any = () => true;
const isLength = (value: string) => /^\[[\d.]+(rem|em|px)\]$/.test(value);
const isWidth = (value: string) => /^\d+$/.test(value);
const isColour = (value: string) =>
  /^(rule|edge|brim|sheet|paper|well|ink|quiet|data|accent|transparent|current)\b/.test(value);
const SIDES = ["x", "y", "t", "r", "b", "l"] as const;
const SIZES = ["micro", "xs", "small", "sm", "base", "lg", "xl", "2xl", "3xl", "4xl", isLength];

/** `p`, `px`, `pt` and so on, each a group of its own. */
const sides = (name: string) =>
  Object.fromEntries(["", ...SIDES].map((side) => [name + side, [{ [name + side]: [any] }]]));

/** What a later class of the same name without a side, or of two sides, takes the place of. */
const overSides = (name: string) => ({
  [name]: SIDES.map((side) => name + side),
  [`${name}x`]: [`${name}l`, `${name}r`],
  [`${name}y`]: [`${name}t`, `${name}b`],
});

// The kinds of classes that components pass to each other; the library's own list of all of
// Tailwind is larger than all code of the first load that uses it.
const merge = createTailwindMerge(() => ({
  cacheSize: 500,
  theme: {},
  classGroups: {
    display: ["block", "inline", "inline-block", "flex", "inline-flex", "grid", "hidden"],
    position: ["static", "fixed", "absolute", "relative", "sticky"],
    visibility: ["visible", "invisible"],
    "text-align": [{ text: ["left", "center", "right"] }],
    "font-size": [{ text: SIZES }],
    "text-wrap": [{ text: ["wrap", "nowrap", "balance", "pretty"] }],
    "text-color": [{ text: [any] }],
    "font-weight": [{ font: ["normal", "medium", "semibold", "bold"] }],
    leading: [{ leading: [any] }],
    bg: [{ bg: [any] }],
    "border-w": [{ border: ["", isWidth] }],
    "border-color": [{ border: [isColour] }],
    rounded: [{ rounded: ["", "none", "sm", "md", "lg", "xl", "full", isLength] }],
    opacity: [{ opacity: [any] }],
    cursor: [{ cursor: [any] }],
    z: [{ z: [any] }],
    size: [{ size: [any] }],
    h: [{ h: [any] }],
    w: [{ w: [any] }],
    "min-w": [{ "min-w": [any] }],
    "max-w": [{ "max-w": [any] }],
    "min-h": [{ "min-h": [any] }],
    gap: [{ gap: [any] }],
    "gap-x": [{ "gap-x": [any] }],
    "gap-y": [{ "gap-y": [any] }],
    transition: [{ transition: ["", any] }],
    fill: [{ fill: [any] }],
    justify: [{ justify: [any] }],
    items: [{ items: [any] }],
    inset: [{ inset: [any] }],
    left: [{ left: [any] }],
    right: [{ right: [any] }],
    top: [{ top: [any] }],
    bottom: [{ bottom: [any] }],
    ...sides("p"),
    ...sides("m"),
  },
  conflictingClassGroups: {
    size: ["h", "w"],
    gap: ["gap-x", "gap-y"],
    inset: ["left", "right", "top", "bottom"],
    "font-size": ["leading"],
    ...overSides("p"),
    ...overSides("m"),
  },
  conflictingClassGroupModifiers: {},
  orderSensitiveModifiers: [],
}));

/** Join class names; of two that contradict each other the later one counts. */
export const classNames = (...classes: ClassValue[]): string => merge(clsx(classes));
