export const english = {
  title: "Top predictions",
  inWords: "What could have come next. The longer the bar, the likelier.",
  unit: "probability, logit",
  hookPoint: "logits",
  howToRead:
    "What could have come next. Bar: the model’s probability. Line: the probability after the sampling controls.",
  howToFork: "Choose a row to continue with that token.",
  caution:
    "These probabilities hold for exactly this text. They do not measure whether the words are true, or explain why they are likely.",
  columns: ["rank", "id", "token", "logit", "probability", "sampled from", "cut by", "chosen"],
  token: "token",
  model: "model",
  drawn: "sampled",
  logit: "logit",
  cutBy: (control: string) => `cut by ${control}`,
  said: "chosen",
  forkLabel: (label: string) => `Continue with ${label} instead`,
  forkHint: "Continue with this token instead",
  chosen: "This token was chosen",
  outside: (label: string, rank: number) =>
    `Chosen: ${label}${rank >= 0 ? `, rank ${rank}` : ""}, outside this list.`,
  bound: (nats: string, rows: number) =>
    `Entropy: at least ${nats} nats, a lower bound from these ${rows} tokens.`,
  tableLabel: "Candidates for this token, likeliest first",
  controls: {
    top_k: "top-k",
    top_p: "top-p",
    min_p: "min-p",
    no_repeat_ngram: "n-gram",
    block_eos: "block end",
    block_ws: "block space",
    min_new_tokens: "min new",
    temperature: "greedy",
  } as Record<string, string>,
} as const;
