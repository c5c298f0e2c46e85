export const english = {
  drop: "Drop the recording to open it",
} as const;
