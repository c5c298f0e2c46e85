export const english = {
  id: "id",
  probability: "probability",
  logprob: "logprob",
  rank: "rank",
  entropy: "entropy",
  entropyBound: "entropy at least (bound)",
  nats: "nats",
  forced: "given, not chosen",
  forked: "chosen by you; the branch begins here",
  prompt: "prompt token",
  describe: (label: string, percent: string, rank: number) =>
    `${label}, probability ${percent}${rank >= 0 ? `, rank ${rank}` : ""}`,
  describePrompt: (label: string) => `${label}, prompt`,
} as const;
