export const english = {
  title: "Head atlas",
  inWords:
    "Each small map is a part of the model that looks back at the text. Each row is a word: the stronger the colour, the more that word looks there. Click a map to see it in the text.",
  unit: "share of attention",
  hookPoint: "pattern, all measured queries",
  howToRead:
    "One map per head, layers from bottom to top: each row is a query, each column a key. Badges name what a head reads on average in this run. Click a head to draw its arcs in the text and in the Stack.",
  caution:
    "A badge says where a head attends in this text. Another text may give another one, and only an experiment can show what the head does and whether the model needs it.",
} as const;
