const steps = (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "step" : "steps"}`;
const looks = (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "look" : "looks"}`;

/** The words of a training that is watched. */
export const trainingText = {
  training: {
    label: "Training",
    step: (n: number) => `after ${steps(n)} of training`,
    misfit: (given: string) => `is ${given}, which it cannot be`,
    following: {
      reading: "Reading the recording",
      read: "",
      waiting: "Waiting for the first look",
      watching: "Live",
      lost: "Connection lost; trying again",
    },
    live: "Follow",
    liveHint: "Show each new look when it comes",
    controls: "Which training step the panels show",
    previous: "Look before",
    next: "Look after",
    play: "Learn",
    playHint: "Show look after look",
    pause: "Pause",
    speed: "Looks a second",
    perSecond: (n: number) => `${n} looks/s`,
    prompt: "Prompt",
    whichPrompt: "Which prompt is continued",
    slider: "Training step",
    sliderHelp: "Arrow keys move from look to look, Space plays them, Home and End go to the ends.",
    value: (step: number, loss: string, said: string) => `step ${step}, loss ${loss}: ${said}`,
    noLoss: "not told",
    at: (step: number) => `step ${step.toLocaleString("en")}`,
    loss: "Loss",
    lossScale: (top: number) => `0–${top} nats`,
    minutes: (minutes: string) => `${minutes} min`,
    seconds: (seconds: string) => `${seconds} s`,
    place: (place: number, of: number) => `look ${place} of ${of}`,
    said: "What the model said at each look",
    columns: { step: "step", loss: "loss" },
    nothing: "nothing",
    missing: "was not looked at",
    broke: "broke off",
    howToRead:
      "Each row: what the model wrote after the prompt at that step; the darker, the surer it was. Curve: the training’s own loss, how badly it expects its texts. Every look has one place, so steps that are looked at often get more room. Text, tokens and panels below are the model of the chosen step, all on one scale. It shows what changed, not why.",
    example: {
      open: "Watch a model learn to speak",
      name: "mav-tiny learns",
      note: (steps: number, tokens: string) =>
        `A model of mav-tiny’s shape, from random weights through ${steps.toLocaleString("en")} steps of 4,096 tokens (${tokens} million) with the project’s own program, in 51 minutes on one processor core. It is a short training: mav-tiny itself has read twenty times as much. Numbers are rounded to four digits.`,
    },
    open: {
      live: "Watch the training that goes on here",
      liveName: "Training, live",
    },
    again: (step: number) =>
      `The training was taken up again at step ${step.toLocaleString("en")}; what an earlier attempt did after it is left out.`,
    thinned: (n: number) =>
      `${looks(n)} in between are let go, so that the page stays within its memory; the recording has them.`,
    kept: (n: number) => `${looks(n)} before it are whole and can be used.`,
    save: "Training",
    saveHint: "All looks of this training; opens here, and in Python",
    saveRun: "Recording of this look",
    pageHint: "One file that replays the whole training, no server needed",
  },
} as const;
