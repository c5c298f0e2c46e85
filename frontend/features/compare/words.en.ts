const tokens = (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "token" : "tokens"}`;

export const english = {
  label: "Comparison",
  sideLabel: "Settings of",
  run: (side: "a" | "b") => `Run ${side.toUpperCase()}`,
  letter: (side: "a" | "b") => side.toUpperCase(),
  tokens,
  modeLabel: "Text",
  modes: {
    own: {
      name: "Separate texts",
      detail: "Each run continues its own text; see where they diverge.",
    },
    forced: {
      name: "A’s text for both",
      detail: "B is forced to write A’s text, so both predict every token after the same words.",
    },
  },
  twoPlaces: (isFirstInBrowser: boolean) => ({
    title: "The two models run at different places",
    detail: isFirstInBrowser
      ? "Run A’s model runs in your browser and run B’s on the server. Choose two models that run at the same place."
      : "Run A’s model runs on the server and run B’s in your browser. Choose two models that run at the same place.",
  }),
  same: {
    a: "B has the same settings as A. Open run B and change one.",
    b: "B has the same settings as A. Change one below.",
  },
  samePrompt: "Same prompt as run A",
  differences: "Settings of B that differ from A",
  none: "none",
  undo: (name: string) => `${name}: same as A`,
  overview: "Overview of the comparison",
  going: "Comparing",
  done: "Compared",
  ended: "Not finished",
  beside: "Side by side",
  timeLimit: (n: number) =>
    `The server’s time limit ended the comparison after ${tokens(n)}. A comparison cannot be continued; fewer tokens fit into the limit.`,
  fewer: (n: number) => `Compare again with ${tokens(n)}`,
  compared: "compared",
  comparedUntil: "compared until the texts diverge",
  tokensOf: (some: number, all: number) => `${some.toLocaleString("en")} of ${tokens(all)}`,
  countOf: (some: number, all: number) =>
    `${some.toLocaleString("en")} of ${all.toLocaleString("en")}`,
  meanKl: (n: number) => `mean KL over ${tokens(n)}`,
  sameTop: "same likeliest token",
  firstDifference: "texts diverge",
  noDifference: "nowhere",
  at: (step: number) => `at token ${step}`,
  overBefore: (step: number) => `This run ended before token ${step}.`,
  measure: "Measure the divergence",
  measureHint: "Run both again in lockstep and measure KL and layer differences at each token",
  choose: { left: "Branch on the left", right: "Branch on the right" },
  chart: {
    label: "Divergence of each token. Arrow keys move both runs.",
    howToRead:
      "Bar: KL(A‖B) in nats, the information lost when B’s prediction replaces A’s; 0 means identical. Orange top: their likeliest tokens differ. Faint: the texts have diverged. It compares predictions; it does not say which is better.",
    divergesAt: (step: number) => `texts diverge at ${step}`,
    say: (step: number, a: string, b: string, kl: string | null) =>
      `token ${step}: A ${a}, B ${b}${kl === null ? "" : `, KL ${kl} nats`}`,
  },
  figures: {
    predictions: "Difference of predictions",
    predictionsHow:
      "Of the whole vocabulary, from raw logits, before any sampling control. Ranks count from 0.",
    kl: "KL(A‖B), nats",
    klReverse: "KL(B‖A), nats",
    rank: "rank of A’s token in B",
    rankReverse: "rank of B’s token in A",
    otherContext: "The texts have diverged: these are predictions after different words.",
    layers: "Difference by layer",
    layersHow:
      "Residual stream: norm of the difference as a share of A’s norm. Line: its range so far.",
    layersSummary: (rows: string) => `Distance by layer: ${rows}.`,
    scale: (max: string) => `Scale 0 to ${max}`,
    distance: "distance",
    cosine: "cosine",
  },
  empty: {
    title: "Compare two runs side by side.",
    detail:
      "One timeline moves both. For every token you see how much the two predictions differ, and in which layers the difference arises. What do you want to change?",
    choose: "Choose",
    models: {
      name: "Two models",
      detail: "Another model, or the same one in another precision.",
      alone: {
        before: "This server has one model. Started with",
        after: "it also has the int8 version.",
      },
      aloneInBrowser:
        "Only one model runs in your browser. Choose models of a server for both runs.",
    },
    prompts: { name: "Two prompts", detail: "Change a word and see what changes in the model." },
    settings: { name: "Two settings", detail: "For example greedy and sampling." },
  },
} as const;
