export const english = {
  title: "Attention heads",
  inWords:
    "Each strip is a part of the model that looks back at the text, from left to right. The stronger the colour, the more it looks there.",
  unit: "share of attention",
  hookPoint: "pattern, last query",
  howToRead:
    "One strip per head, the text from left to right: the stronger the colour, the more this head attends there. Click one to see it over the text.",
  caution:
    "A strip shows where a head attends at this token. Only an experiment can show what the head does with it, and whether the model needs it.",
  layer: "layer",
  head: "head",
  mean: "mean",
  pictureLabel: (summary: string) =>
    `Attention by layer and head. ${summary} Arrow keys move from head to head, Enter chooses.`,
  cell: (name: string, top: string) => `${name}: most on ${top}`,
  chosen: (name: string) => `Chosen: ${name}`,
  span: (last: number) => `each strip: positions 0–${last.toLocaleString("en")}`,
  binned: (n: number) => `a pixel shows the maximum of up to ${n} positions`,
  columns: ["layer", "head"],
} as const;
