const steps = (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "step" : "steps"}`;

const snapshots = (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "snapshot" : "snapshots"}`;

export const english = {
  label: "Training",
  step: (n: number) => `after ${steps(n)} of training`,
  following: {
    reading: "Reading the recording",
    read: "",
    waiting: "Waiting for the first snapshot",
    watching: "Live",
    lost: "Connection lost; trying again",
  },
  live: "Follow",
  liveHint: "Show each new snapshot when it arrives",
  controls: "Which training step the panels show",
  previous: "Previous snapshot",
  next: "Next snapshot",
  play: "Play training",
  playHint: "Show one snapshot after another",
  pause: "Pause",
  speed: "Snapshots per second",
  perSecond: (n: number) => `${n} per s`,
  prompt: "Prompt",
  whichPrompt: "Which prompt is continued",
  slider: "Training step",
  sliderHelp:
    "Arrow keys move by one snapshot, Space plays, Home and End go to the first and the last.",
  value: (step: number, loss: string, said: string) => `step ${step}, loss ${loss}: ${said}`,
  noLoss: "not reported",
  at: (step: number) => `step ${step.toLocaleString("en")}`,
  loss: "Loss",
  lossScale: (top: number) => `0–${top} nats`,
  minutes: (minutes: string) => `${minutes} min`,
  seconds: (seconds: string) => `${seconds} s`,
  place: (place: number, of: number) => `snapshot ${place} of ${of}`,
  said: "What the model wrote at each snapshot",
  columns: { step: "step", loss: "loss" },
  nothing: "nothing",
  missing: "not recorded",
  broke: "failed",
  howToRead:
    "Each row: what the model wrote after the prompt at that step; the stronger the colour, the higher the probability. Curve: the training loss; lower means better predictions of the training texts. Snapshots are evenly spaced, so steps with many snapshots take more room. Text, tokens and panels below show the model at the chosen step, all on one scale. They show what changed, not why.",
  example: {
    name: "mav-tiny learns",
    note: (steps: number, tokens: string) =>
      `A model with mav-tiny’s architecture, trained from random weights for ${steps.toLocaleString("en")} steps of 4,096 tokens (${tokens} million) with the project’s training program, in 12 minutes on one processor core. This is a short training: mav-tiny itself was trained on twenty times as many tokens. Numbers are rounded to four digits, shares of attention to three decimals.`,
  },
  liveName: "Training, live",
  again: (step: number) =>
    `The training was resumed at step ${step.toLocaleString("en")}; later steps of the earlier attempt are not shown.`,
  thinned: (n: number) =>
    `${snapshots(n)} in between ${n === 1 ? "is" : "are"} not shown, to save memory; the recording has all of them.`,
  kept: (n: number) =>
    n === 1 ? "The snapshot before it can be used." : `The ${snapshots(n)} before it can be used.`,
  save: "Training",
  saveHint: "All snapshots of this training; opens here, and in Python",
  saveRun: "Recording of this snapshot",
  pageHint: "One file that replays the whole training, no server needed",
} as const;
