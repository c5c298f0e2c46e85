export const english = {
  label: "Attention shown",
  layer: "Layer",
  head: "Head",
  all: "all (mean)",
  mean: "mean",
  absent: (layer: number) => `${layer} (no attention)`,
  scale: "Scale",
  linear: (full: string) => `linear, 0–${full}\u00a0%`,
  root: (full: string) => `root, 0–${full}\u00a0%`,
  scaleHint:
    "Linear: twice the weight, twice the colour. Root: small weights are amplified (the colour follows the square root). Full colour is the end of the range.",
  first: "First token",
  firstHint:
    "Many heads put much of their attention on the first token in any text (an attention sink). Where it is left out, the other tokens are shown as shares of the rest.",
  leftOutOf: { means: "left out of means", always: "left out", never: "shown" },
  leftOut: (share: string) => `First token left out (${share}\u00a0%). Others: share of the rest.`,
  leftOutNotes: {
    means: "means without the first token",
    always: "without the first token",
    never: "",
  },
  reading: {
    all: "mean of all layers and heads",
    layer: (layer: number) => `layer ${layer}, mean of heads`,
    head: (layer: number, head: number) => `layer ${layer}, head ${head}`,
  },
  none: "no attention here",
  weight: (label: string, percent: string) => `${label} ${percent}\u00a0%`,
  ofRest: (percent: string) => `${percent}\u00a0% of the rest`,
} as const;
