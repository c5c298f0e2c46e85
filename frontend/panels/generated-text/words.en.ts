export const english = {
  title: "Generated text",
  inWords:
    "The model writes one piece of a word at a time. The stronger the colour, the surer it was of it. Choose a piece to see how it came about.",
  unit: "probability",
  hookPoint: "softmax of logits",
  howToRead:
    "Each chip is a token. The stronger its colour, the higher its probability. Choose one to show it in every panel.",
  caution:
    "Probable is not true: a strongly coloured chip shows what the model expects after this text, not that it is right.",
  columns: ["position", "kind", "id", "token", "probability", "logprob", "rank", "entropy (nats)"],
  prompt: "grey: your prompt",
  shade: "shade:",
  unlikely: "0\u00a0%",
  likely: "100\u00a0%",
  empty: "Enter a prompt and press Run.",
  emptyDetail:
    "The model writes one token at a time. The panels below show what happened inside it at every token.",
  sentence: {
    unknown: (token: string) => `${token}: the server sent no probability.`,
    certain: (token: string) => `It is certain: ${token}.`,
    expects: (token: string, next: string) => `It expects ${token}, then ${next}.`,
    hesitates: (token: string, next: string) => `It hesitates: ${token}, ${next}.`,
    quoted: (token: string) => `“${token}”`,
    drew: (token: string, likeliest: string) => `It drew ${token}. Likeliest: ${likeliest}.`,
    forced: (token: string, likeliest: string) => `Set by you: ${token}. Likeliest: ${likeliest}.`,
    choose: "Choose another:",
  },
  listLabel: "Tokens of the prompt and the generated text",
} as const;
