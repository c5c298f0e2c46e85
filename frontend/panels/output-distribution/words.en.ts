export const english = {
  title: "Output distribution",
  inWords:
    "How sure the model was. One tall bar: it expected one continuation. Many low ones: it saw many possible ones.",
  unit: "probability",
  hookPoint: "softmax of logits",
  howToRead:
    "Bar: how the whole probability is divided between the likeliest token, the next ones, and so on. Line: how likely a single token of each rank is; both axes are logarithmic.",
  caution:
    "Certain is not correct: a narrow distribution shows what the model expects, not what is true.",
  columns: ["from rank", "to rank", "probability", "mean of a token", "cumulative sum"],
  entropy: "nats of entropy",
  effective: "effective tokens",
  kept: (n: string) => `of ${n} can be sampled`,
  keptUnknown: "can be sampled",
  rank: (low: number, high: number) => (low === high ? `rank ${low}` : `ranks ${low}–${high}`),
  range: (low: number, high: number) => (low === high ? `${low}` : `${low}–${high}`),
  from: (low: string) => `${low} +`,
  each: (percent: string) => `${percent} each`,
  together: (percent: string) => `${percent} together`,
  chosen: "The chosen token",
  axis: "rank",
  cumulative: "up to here",
  summary: (first: string, entropy: string) =>
    `The likeliest token holds ${first} of the probability; entropy ${entropy} nats.`,
} as const;
