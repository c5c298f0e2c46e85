export const english = {
  take: "Take the tour",
  invitation: "New here?",
  dismiss: "No, thanks",
  label: "Tour of the page",
  progress: (step: number, of: number) => `Step ${step} of ${of}`,
  back: "Back",
  next: "Next",
  skip: "Skip the tour",
  done: "Done",
  steps: [
    {
      title: "Enter a prompt",
      body: "Write the start of a text, or choose an example, and press Run. The model continues it token by token. Next starts an example if you have not.",
    },
    {
      title: "Read the generated text",
      body: "Each chip is a token, shaded by its probability. Choose one, and every panel shows the step that predicted it.",
    },
    {
      title: "See the alternatives",
      body: "The tokens that could have come next, with the model’s probabilities and those after the sampling controls.",
    },
    {
      title: "Look inside",
      body: "Every panel shows one measurement, with its unit and its place in the model. Scales are fixed during a run, so that tokens can be compared.",
    },
    {
      title: "Move through time",
      body: "Step back and forth, or press Play; all panels follow. The Panels menu has more panels.",
    },
  ],
} as const;
