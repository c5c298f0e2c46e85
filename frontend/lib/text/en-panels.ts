const aggregations = {
  l2: "L2 length",
  max_abs: "largest magnitude",
  mean_abs: "mean magnitude",
  rms: "root mean square",
} as const;

/** The words of the panels. */
export const panelText = {
  hookPoint: "reads",
  text: {
    title: "Generated text",
    unit: "probability",
    hookPoint: "softmax of logits",
    howToRead:
      "Each chip is a token. The darker it is, the higher its probability. Choose one to show it in every panel.",
    caution:
      "Probable is not true: a dark chip shows what the model expects after this text, not that it is right.",
    columns: ["place", "kind", "id", "token", "probability", "logprob", "rank", "entropy (nats)"],
    prompt: "grey: your prompt",
    shade: "shade:",
    unlikely: "0 %",
    likely: "100 %",
    empty: "Enter a prompt and press Run.",
    emptyDetail:
      "The model writes one token at a time. The panels below show what happened inside it at every token.",
    listLabel: "Tokens of the prompt and the generated text",
  },
  predictions: {
    title: "Top predictions",
    unit: "probability, logit",
    hookPoint: "logits",
    howToRead:
      "What could have come next. Bar: the model’s probability. Line: the probability in sampling.",
    howToFork: "Choose a row to continue with that token.",
    caution:
      "These probabilities hold for exactly this text. They do not measure whether the words are true, or explain why they are likely.",
    columns: ["rank", "id", "token", "logit", "probability", "drawn from", "cut by", "said"],
    token: "token",
    model: "model",
    drawn: "drawn",
    logit: "logit",
    cutBy: (control: string) => `cut by ${control}`,
    said: "said",
    forkLabel: (label: string) => `Continue with ${label} instead`,
    forkHint: "Continue with this token instead",
    chosen: "This is the token that was said",
    outside: (label: string, rank: number) => `Said: ${label}, rank ${rank}, outside this list.`,
    tableLabel: "Candidates for this token, likeliest first",
    controls: {
      top_k: "top-k",
      top_p: "top-p",
      min_p: "min-p",
      no_repeat_ngram: "n-gram",
      block_eos: "block end",
      block_ws: "block space",
      min_new_tokens: "at least",
      temperature: "greedy",
    } as Record<string, string>,
  },
  layers: {
    title: "MLP activations",
    unit: (aggregation: keyof typeof aggregations) => aggregations[aggregation],
    hookPoint: "block outputs",
    howToRead:
      "How strongly each layer changes the model’s running state. Faint band: its range in this run so far.",
    caution:
      "Large does not mean important: layers write at different scales, and the next layer may cancel what one writes.",
    layer: "layer",
    series: {
      mlpNorm: { name: "MLP", hookPoint: "output of each MLP block" },
      attnNorm: { name: "Attention", hookPoint: "output of each attention block" },
      residNorm: { name: "Residual", hookPoint: "residual stream before each layer" },
    },
    seriesLabel: "Which part of the layer",
    scale: (max: string) => `Scale 0 to ${max}`,
    grew: (step: number) => `grew at token ${step}`,
    still: "for the whole run",
    reading: (layer: string, value: string) => `Layer ${layer}: ${value}`,
    final: "out",
    absent: "none",
    notCaptured: "This run did not capture this part.",
    summary: (name: string, rows: string) => `${name} by layer: ${rows}.`,
  },
  attention: {
    title: "Attention entropy",
    unit: "nats",
    hookPoint: "pattern, last query",
    howToRead:
      "One cell per head. Low: the head looks at few tokens. High: it looks at many, up to the ceiling ln(keys).",
    caution:
      "Where a head attends is not what it uses: entropy does not show what it reads there, or whether anything later depends on it.",
    head: "head",
    layer: "layer",
    ceiling: (value: string) => `ceiling now ${value}`,
    cell: (layer: number, head: number) => `layer ${layer}, head ${head}`,
    value: (value: string, share: string) => `${value} nats, ${share} of the ceiling`,
    absent: "no attention here",
    pictureLabel: "Attention entropy by layer and head. Arrow keys move from cell to cell.",
    summary: (low: string, high: string) => `Lowest ${low}. Highest ${high}.`,
    notCaptured: "This run did not capture attention entropy.",
    choose: "Point at a cell.",
  },
  distribution: {
    title: "Output distribution",
    unit: "probability",
    hookPoint: "softmax of logits",
    howToRead:
      "All probability, likeliest tokens first. Tall first column: the model is sure. Dashed: the sum so far.",
    caution:
      "Certain is not correct: a narrow distribution shows what the model expects, not what is true.",
    columns: ["from rank", "to rank", "probability", "sum so far"],
    entropy: "nats of entropy",
    effective: "effective tokens",
    kept: (n: string) => `drawable of ${n}`,
    keptUnknown: "still drawable",
    rank: (low: number, high: number) => (low === high ? `rank ${low}` : `ranks ${low}–${high}`),
    axis: "rank",
    cumulative: "sum so far",
    summary: (first: string, entropy: string) =>
      `The likeliest token holds ${first} of the probability; entropy ${entropy} nats.`,
  },
} as const;
