export const english = {
  title: "Output distribution",
  unit: "probability",
  hookPoint: "softmax of logits",
  howToRead:
    "All probability, likeliest tokens first. Tall first column: the model is certain. Dashed: the cumulative sum.",
  caution:
    "Certain is not correct: a narrow distribution shows what the model expects, not what is true.",
  columns: ["from rank", "to rank", "probability", "cumulative sum"],
  entropy: "nats of entropy",
  effective: "effective tokens",
  kept: (n: string) => `of ${n} can be sampled`,
  keptUnknown: "can be sampled",
  rank: (low: number, high: number) => (low === high ? `rank ${low}` : `ranks ${low}–${high}`),
  axis: "rank",
  cumulative: "cumulative sum",
  summary: (first: string, entropy: string) =>
    `The likeliest token holds ${first} of the probability; entropy ${entropy} nats.`,
} as const;
