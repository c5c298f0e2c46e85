export const english = {
  title: "The stack",
  inWords:
    "Each column is a piece of the text, each row a step of the computation, from bottom to top. Lines: which earlier pieces are read. At the top: what comes next.",
  unit: "tokens × layers",
  hookPoint: "resid_pre, resid_post, attn_out, mlp_out, attention pattern, logit lens",
  howToRead:
    "Each column is a token, each row a layer, from bottom to top. Ribbon: the residual stream (width: log of its size; colour: rank of the next token if that layer were the last). Arcs: tokens that attention reads. Dot: what the MLP adds, relative to the stream.",
  caution:
    "Arcs show where attention reads, not what it uses of it; a layer's prediction is computed with the final norm and the unembedding, which are trained for the last layer.",
  pictureLabel: (token: string) =>
    `The model's layers at the prediction of “${token}”. Arrow keys move between layers and tokens; Enter opens a part.`,
  scheme: (layers: number) =>
    `The model has ${layers === 1 ? "one layer" : `${layers} layers`}. A run draws each token as a column.`,
  schemeParts: {
    prediction: "which token comes next",
    attention: "attention reads earlier tokens",
    mlp: "the MLP works on this position alone",
    token: "a token of the text",
  },
  hint: "Point at a part to read its numbers; click it to open it.",
  hintOfOne: "Swipe to another token; tap a part to open it.",
  overview:
    "The line above: the whole text, what attention reads there, and which tokens have a column.",
  overviewOfOne: "The line: the whole text, and what attention reads there.",
  after: (text: string, chosen: string, share: string) =>
    `After “${text}” the model chose “${chosen}” (${share}).`,
  settled: (layer: number, label: string) =>
    `From layer ${layer} on, the likeliest token is “${label}”.`,
  settledAtOnce: (label: string) => `Every layer would predict “${label}”.`,
  readMost: (sources: string) =>
    `On average over all heads, apart from the first token, attention reads most from ${sources}.`,
  oneHeadReads: (layer: number, head: number, sources: string) =>
    `Layer ${layer}, head ${head} reads ${sources}.`,
  headAbsent: (layer: number, head: number) => `Layer ${layer}, head ${head} was not measured.`,
  source: (label: string, share: string) => `“${label}” (${share})`,
  and: (first: string, second: string) => `${first} and ${second}`,
  firstToken: (share: string) => `first token ${share}`,
  rankLegend: "Rank of the token that follows",
  ranks: { top: "0", near: "1–9", far: "10–99", lost: "100+", unknown: "not measured" },
  arcLegend: "attention",
  headLegend: (layer: number, head: number) => `layer ${layer}, head ${head}`,
  otherLegend: "other layers: mean of heads",
  clearHead: "Show the mean of all heads again",
  firstLegend: "on the first token",
  mlpLegend: "MLP",
  columns: [
    "layer",
    "size of the stream before",
    "attention, relative to the stream",
    "MLP, relative to the stream",
    "prediction of the lens",
    "probability",
    "rank of the chosen token",
    "attention on the first token",
    "strongest other source, position",
    "strongest other source, token",
    "weight",
  ],
} as const;
