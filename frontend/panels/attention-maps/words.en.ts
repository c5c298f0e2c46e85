const tokens = (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "token" : "tokens"}`;

export const english = {
  title: "Attention maps",
  inWords:
    "Each row is a piece of the text, each column a piece that it looks at. The stronger the colour, the more it looks there.",
  unit: "share of attention",
  hookPoint: "pattern, all queries",
  howToRead:
    "Each row is a query token, each column a key token that it attends to; a row adds up to 100 %.",
  caution:
    "A strongly coloured cell shows where a head attends, not that this token caused the answer.",
  prompt: "the prompt",
  taken: (step: number) => `at token ${step}`,
  covers: (n: number, when: string) => `Map of ${tokens(n)}, ${when}`,
  ofPrompt: "of the prompt pass",
  previous: "Previous map",
  next: "Next map",
  count: (at: number, of: number) => `${at} of ${of}`,
  howToGet:
    "Only the prompt’s map was kept. For maps of the text that follows, set “Attention map every” (attn_every, under Measuring) and run again.",
  query: "query",
  key: "key",
  cell: (query: string, key: string, percent: string) => `${query} → ${key} ${percent}\u00a0%`,
  ahead: (query: string, key: string) => `${query} cannot attend to the later ${key}`,
  binned: (n: number) => `A pixel shows the maximum of up to ${n} × ${n} cells.`,
  point: "Point at a cell.",
  pictureLabel: (n: number, reading: string) =>
    `Attention map of ${tokens(n)}, ${reading}. Arrow keys move from cell to cell.`,
  columns: ["position", "query token"],
} as const;
