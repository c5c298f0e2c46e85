export const english = {
  title: "Attention entropy",
  inWords:
    "Each cell is a part of the model that looks back at the text. Low: it looks at one place. High: at many.",
  unit: "nats",
  hookPoint: "pattern, last query",
  howToRead:
    "One cell per head. Low: the head attends to few tokens. High: to many, up to the maximum ln(number of keys).",
  caution:
    "Where a head attends is not what it uses: entropy does not show what it retrieves there, or whether anything later depends on it.",
  head: "head",
  layer: "layer",
  ceiling: (value: string) => `maximum now ${value}`,
  cell: (layer: number, head: number) => `layer ${layer}, head ${head}`,
  value: (value: string, share: string) => `${value} nats, ${share} of the maximum`,
  absent: "no attention here",
  pictureLabel: "Attention entropy by layer and head. Arrow keys move from cell to cell.",
  summary: (low: string, high: string) => `Lowest ${low}. Highest ${high}.`,
  notCaptured: "This run did not capture attention entropy.",
  choose: "Point at a cell.",
} as const;
