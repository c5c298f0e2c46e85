export const english = {
  mark: (model: string) => `A recording of ${model}`,
  detail: "Run a text of your own, or:",
  close: "Close the recording",
} as const;
