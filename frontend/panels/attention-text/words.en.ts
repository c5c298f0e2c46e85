export const english = {
  title: "Attention over the text",
  inWords: "Where the model looked when it chose the piece: the stronger the colour, the more.",
  unit: "share of attention",
  hookPoint: "pattern, last query",
  howToRead:
    "Where the model’s attention was when it predicted the token: the stronger the colour, the more attention.",
  caution:
    "Attention is not an explanation: it shows where information may come from, not what was used or whether it mattered.",
  from: "from",
  to: "predicting",
  start: "the beginning",
  nothing: "nothing yet",
  query: "Attention from this token",
  listLabel: (reading: string, top: string) =>
    `Attention over the text, ${reading}. Strongest: ${top}. Arrow keys move from token to token.`,
  strongest: "Strongest:",
  outside: (above: string, below: string) =>
    `Out of view: ${above}\u00a0% above, ${below}\u00a0% below`,
  place: (place: number) => `position ${place}`,
  later: "written later",
  columns: ["position", "token", "share of attention"],
} as const;
