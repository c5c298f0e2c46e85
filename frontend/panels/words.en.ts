export const english = {
  notMeasured: {
    title: "Not measured in this run.",
    again: "Keep this panel open and run again to measure it.",
    waiting: "Measurements appear with the first token of a run.",
  },
  notAvailable: {
    title: "Not available from this server.",
    layers: "It sends the text, but nothing of the model’s layers.",
    vocabulary: "It sends the likeliest tokens only, not the whole vocabulary.",
    logprobs: "It sends no probabilities of tokens.",
    given: "This part of the text was given to it, and it measures only what it writes.",
  },
  notCaptured: (title: string) =>
    `This run did not capture what “${title}” shows. Leave the panel open and run again.`,
} as const;
