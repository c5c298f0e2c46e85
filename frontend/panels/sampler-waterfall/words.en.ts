export const english = {
  title: "Sampler waterfall",
  inWords: "From left to right: how the choice was narrowed down until one piece was drawn.",
  unit: "probability",
  hookPoint: "logits, after each sampling control",
  howToRead:
    "From left to right, each control changes or cuts the candidates. Tokens with a bar in the last column could be sampled.",
  caution:
    "It shows how the token was chosen, not why the model gave these probabilities. The draw itself is random.",
  tableLabel: "Candidates after each sampling control",
  token: "token",
  raw: "Model",
  left: (n: string) => `${n} left`,
  of: (n: string) => `${n} tokens`,
  cut: (control: string) => `cut by ${control}`,
  said: "chosen",
  forced: "given",
  others: "all others",
  none: "none",
  grew: "more",
  fell: "less",
  off: "Off:",
  idle: "On, without effect on this token:",
  noStage: "No control is active: the token is sampled from the model’s own probabilities.",
  sum: (kept: string, of: string) => `${kept} of ${of} tokens could be sampled.`,
  columns: ["token", "id", "model"],
  cutBy: "cut by",
  controls: {
    repetition_penalty: "Repetition penalty",
    no_repeat_ngram: "No-repeat n-gram",
    min_new_tokens: "Min new tokens",
    block_eos: "Block end-of-text",
    block_ws: "Block whitespace",
    temperature: "Temperature",
    top_k: "Top-k",
    top_p: "Top-p",
    min_p: "Min-p",
  } as Record<string, string>,
  greedy: "Greedy",
  stages: {
    raw: "Model: the probabilities as the model gives them, before any control.",
    greedy: "Temperature 0: the likeliest token is chosen, all others are cut.",
    repetition_penalty: (x: string) =>
      `Repetition penalty ${x}: tokens that are already in the text become less likely, the others more.`,
    no_repeat_ngram: (x: string) =>
      `No-repeat n-gram ${x}: cuts tokens that would repeat a sequence of ${x} tokens.`,
    min_new_tokens: (x: string) =>
      `Min new tokens ${x}: end-of-text is cut until ${x} tokens are written.`,
    block_eos: (x: string) => `Block end-of-text: it is cut in the first ${x} steps.`,
    block_ws: (x: string) =>
      `Block whitespace: tokens of whitespace only are cut in the first ${x} steps.`,
    temperature: (x: string) =>
      Number(x) < 1
        ? `Temperature ${x}: sharpens the distribution, likely tokens become likelier; none is cut.`
        : `Temperature ${x}: flattens the distribution, unlikely tokens become likelier; none is cut.`,
    top_k: (x: string) => `Top-k ${x}: only the ${x} likeliest tokens are kept.`,
    top_p: (x: string) =>
      `Top-p ${x}: the likeliest tokens are kept, up to ${x} of the probability.`,
    min_p: (x: string) =>
      `Min-p ${x}: tokens with less than ${x} times the highest probability are cut.`,
  } as Record<string, string | ((setting: string) => string)>,
} as const;
