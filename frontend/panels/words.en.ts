export const english = {
  notMeasured: {
    title: "Not measured in this run.",
    again: "Keep this panel open and run again to measure it.",
    waiting: "Measurements appear with the first token of a run.",
  },
  notCaptured: (title: string) =>
    `This run did not capture what “${title}” shows. Leave the panel open and run again.`,
} as const;
