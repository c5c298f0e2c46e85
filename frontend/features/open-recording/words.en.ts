export const english = {
  drop: "Drop the recording to open it",
  dropModel: "Or the folder of a model, to run it in your browser",
} as const;
