export const english = {
  examples: {
    title: "Or start with an example",
    prompts: [
      "Once upon a time, there was a little",
      "Lily found a big red ball in the garden. She",
      "The dragon was sad because",
    ],
  },
  trainings: {
    example: "Watch a model learn to write",
    shortExample: "Watch a model learn",
    live: "Watch the training on this server",
  },
} as const;
