export const english = {
  title: "Logit lens",
  inWords: "What the model would say if it stopped after each step of the computation.",
  unit: "probability, rank",
  hookPoint: "resid_post → final norm → unembedding",
  howToRead:
    "What each layer would predict if it were the last. Bar: the probability of that token. Rank: the rank of the token that was chosen.",
  caution:
    "Layers are not trained to be read this way: an early layer that predicts nonsense may still hold the answer in another form.",
  viewLabel: "What to show",
  views: { token: "This token", time: "Over time" },
  colourLabel: "What the colour shows",
  colours: { rank: "rank of the chosen token", prob: "probability" },
  layer: "layer",
  token: "prediction",
  prob: "%",
  rank: "rank of the chosen token",
  none: "none",
  settles: "settles",
  settled: (layer: number, label: string) =>
    `From layer ${layer} on, the likeliest token of every layer is “${label}”`,
  wasSaid: "which was chosen.",
  wasNotSaid: (label: string, rank: string) => `but “${label}” was chosen (rank ${rank}).`,
  settledRule: "Settles: the first layer from which the likeliest token is that of the last layer.",
  unsettled: "No layer could be evaluated.",
  tableLabel: "What each layer would predict",
  timeLabel: (first: number, last: number) =>
    `Logit lens by layer for tokens ${first} to ${last}. Arrow keys move from cell to cell; Enter shows that token.`,
  cell: (layer: number, step: number) => `layer ${layer}, token ${step}`,
  reading: (label: string, percent: string, rank: string) =>
    `“${label}” ${percent}\u00a0%, chosen token at rank ${rank}`,
  choose: "Point at a cell; click to show that token.",
  rule: "Line: from here on the prediction stays the same.",
  rankScale: (last: string) => ["rank 0", `rank ${last}`],
  probScale: ["0\u00a0%", "100\u00a0%"],
  columns: ["layer", "token id", "token", "probability", "rank of the chosen token", "settled"],
} as const;
