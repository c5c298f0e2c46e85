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
  leaveOut: "Leave out first",
  leaveOutHint:
    "Many heads attend to the first token by default. Without it, the others are shown as shares of the rest.",
  leftOut: (share: string) => `First token left out (${share}\u00a0%). Others: share of the rest.`,
  reading: {
    all: "mean of all layers and heads",
    layer: (layer: number) => `layer ${layer}, mean of heads`,
    head: (layer: number, head: number) => `layer ${layer}, head ${head}`,
  },
  none: "no attention here",
  weight: (label: string, percent: string) => `${label} ${percent}\u00a0%`,
  ofRest: (percent: string) => `${percent}\u00a0% of the rest`,
} as const;
