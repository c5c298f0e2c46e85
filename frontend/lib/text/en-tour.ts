/** The words of the newcomer's tour. */
export const tourText = {
  take: "Take the tour",
  invitation: "New here?",
  dismiss: "No tour, thanks",
  label: "Tour of the page",
  progress: (step: number, of: number) => `Step ${step} of ${of}`,
  back: "Back",
  next: "Next",
  skip: "Skip the tour",
  done: "Done",
  steps: [
    {
      title: "Give it a beginning",
      body: "Write how a text starts, or take one of the examples, and press Run. The model goes on from there, token by token.",
    },
    {
      title: "Read what it writes",
      body: "Each chip is a token, shaded by how much the model expected it. Choose one, and every panel shows the moment at which it was predicted.",
    },
    {
      title: "See what else it had in mind",
      body: "The tokens that could have stood there, with the model’s own probabilities and what the sampler was left to draw from.",
    },
    {
      title: "Look inside",
      body: "Every panel shows one measurement and names its unit and the place in the model that it reads. Scales hold still over a run, so tokens can be compared.",
    },
    {
      title: "Move through time",
      body: "Step back and forth, or let it play; all panels go along. Live follows the newest token again. The menu of panels holds more of them.",
    },
  ],
} as const;
