const tokens = (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "token" : "tokens"}`;

/** The words of the attention panels and of the sampler's waterfall. */
export const attentionText = {
  notMeasured: {
    title: "Not measured in this run.",
    again: "Keep this panel open and run again to measure it.",
    waiting: "It fills with the first token of a run.",
  },
  attentionControls: {
    label: "What is shown of attention",
    layer: "Layer",
    head: "Head",
    all: "all (mean)",
    mean: "mean",
    absent: (layer: number) => `${layer} (no attention)`,
    scale: "Scale",
    linear: (full: string) => `linear, 0–${full} %`,
    root: (full: string) => `root, 0–${full} %`,
    scaleHint:
      "Linear: twice the weight, twice the colour. Root: small weights are lifted (the colour follows the square root). Full colour stands at the end of the range.",
    leaveOut: "Leave out first",
    leaveOutHint:
      "Many heads attend to the first token by default. Without it, the others are shown as shares of the rest.",
    leftOut: (share: string) => `First token left out: it holds ${share} %. Others: of the rest.`,
    reading: {
      all: "mean of all layers and heads",
      layer: (layer: number) => `layer ${layer}, mean of heads`,
      head: (layer: number, head: number) => `layer ${layer}, head ${head}`,
    },
    none: "no attention here",
    weight: (label: string, percent: string) => `${label} ${percent} %`,
    ofRest: (percent: string) => `${percent} % of the rest`,
  },
  attentionText: {
    title: "Attention over the text",
    unit: "share of attention",
    hookPoint: "pattern, last query",
    howToRead:
      "Where the model’s attention was when it predicted the token: the darker, the more attention.",
    caution:
      "Attention is not an explanation: it shows where information may come from, not what was used or whether it mattered.",
    from: "from",
    to: "predicting",
    start: "the beginning",
    nothing: "nothing yet",
    query: "Read from this token",
    listLabel: (reading: string, top: string) =>
      `Attention over the text, ${reading}. Strongest: ${top}. Arrow keys move from token to token.`,
    strongest: "Strongest:",
    outside: (above: string, below: string) => `Out of view: ${above} % above, ${below} % below`,
    place: (place: number) => `place ${place}`,
    later: "written later",
    columns: ["place", "token", "share of attention"],
  },
  attentionHeads: {
    title: "Attention heads",
    unit: "share of attention",
    hookPoint: "pattern, last query",
    howToRead:
      "One strip per head, the text from left to right: bright where this head looks. Click one to see it over the text.",
    caution:
      "A head’s picture shows where it looks at this token; what it does with that, and whether the model needs it, takes an experiment.",
    layer: "layer",
    head: "head",
    mean: "mean",
    pictureLabel: (summary: string) =>
      `Attention by layer and head. ${summary} Arrow keys move from head to head, Enter chooses.`,
    cell: (name: string, top: string) => `${name}: most on ${top}`,
    chosen: (name: string) => `Chosen: ${name}`,
    span: (last: number) => `each strip: places 0–${last.toLocaleString("en")}`,
    binned: (n: number) => `a pixel shows the largest of up to ${n} places`,
    columns: ["layer", "head"],
  },
  attentionMaps: {
    title: "Attention maps",
    unit: "share of attention",
    hookPoint: "pattern, all queries",
    howToRead:
      "Each row is a token that looks, each column a token that is looked at; a row adds up to 100 %.",
    caution: "A bright cell shows where a head attends, not that this token caused the answer.",
    prompt: "the prompt",
    taken: (step: number) => `at token ${step}`,
    covers: (n: number, when: string) => `Map of ${tokens(n)}, ${when}`,
    ofPrompt: "read with the prompt",
    previous: "Map before",
    next: "Next map",
    count: (at: number, of: number) => `${at} of ${of}`,
    howToGet:
      "Only the prompt’s map was kept. For maps of the text that follows, set “Attention map every” (attn_every, under Measuring) and run again.",
    query: "looks",
    key: "is looked at",
    cell: (query: string, key: string, percent: string) => `${query} → ${key} ${percent} %`,
    ahead: (query: string, key: string) => `${query} cannot look ahead to ${key}`,
    binned: (n: number) => `A pixel shows the largest of up to ${n} × ${n} cells.`,
    point: "Point at a cell.",
    pictureLabel: (n: number, reading: string) =>
      `Attention map of ${tokens(n)}, ${reading}. Arrow keys move from cell to cell.`,
    columns: ["place", "token that looks"],
  },
  waterfall: {
    title: "Sampler waterfall",
    unit: "probability",
    hookPoint: "logits, after each sampling control",
    howToRead:
      "From left to right, each control changes or cuts the candidates. Tokens with a bar in the last column could be sampled.",
    caution:
      "It shows how the token was chosen, not why the model gave these probabilities. The draw itself is random.",
    tableLabel: "Candidates and what each sampling control left of them",
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
    idle: "Set, without effect on this token:",
    noStage: "No control is active: the token is sampled from the model’s own probabilities.",
    sum: (kept: string, of: string) => `${kept} of ${of} tokens could be drawn.`,
    columns: ["token", "id", "model"],
    cutBy: "cut by",
    controls: {
      repetition_penalty: "Repetition penalty",
      no_repeat_ngram: "No-repeat n-gram",
      min_new_tokens: "At least (tokens)",
      block_eos: "Block end-of-text",
      block_ws: "Block white space",
      temperature: "Temperature",
      top_k: "Top-k",
      top_p: "Top-p",
      min_p: "Min-p",
    } as Record<string, string>,
    greedy: "Greedy",
    tells: {
      raw: "Model: the probabilities as the model gives them, before any control.",
      greedy: "Temperature 0: the likeliest token is taken, all others are cut.",
      repetition_penalty: (x: string) =>
        `Repetition penalty ${x}: tokens that already stand in the text become less likely, the others more.`,
      no_repeat_ngram: (x: string) =>
        `No-repeat n-gram ${x}: cuts a token that would write ${x} tokens in a row a second time.`,
      min_new_tokens: (x: string) =>
        `At least ${x}: end-of-text is cut until ${x} tokens are written.`,
      block_eos: (x: string) => `Block end-of-text: it is cut in the first ${x} steps.`,
      block_ws: (x: string) =>
        `Block white space: tokens of white space only are cut in the first ${x} steps.`,
      temperature: (x: string) =>
        Number(x) < 1
          ? `Temperature ${x}: likely tokens become likelier still, unlikely ones rarer; none is cut.`
          : `Temperature ${x}: evens the choice out, unlikely tokens gain; none is cut.`,
      top_k: (x: string) => `Top-k ${x}: only the ${x} likeliest tokens stay.`,
      top_p: (x: string) =>
        `Top-p ${x}: the likeliest tokens stay until together they hold ${x} of the probability.`,
      min_p: (x: string) =>
        `Min-p ${x}: tokens with less than ${x} of the likeliest one’s probability are cut.`,
    } as Record<string, string | ((setting: string) => string)>,
  },
};
