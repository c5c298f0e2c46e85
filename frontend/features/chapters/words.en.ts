const tokens = (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "token" : "tokens"}`;

export const english = {
  label: "Chapters",
  place: (place: number, of: number) => `Chapter ${place} of ${of}`,
  list: "All chapters",
  solved: "solved",
  solvedCount: (n: number, of: number) => `${n} of ${of} solved`,
  close: "Close the chapters",
  task: "Task",
  check: "Check",
  hint: (next: number, of: number) => `Hint ${next} of ${of}`,
  answer: "Show the answer",
  hints: "Hints",
  right: "Right.",
  wrong: "Not yet.",
  back: "Back",
  next: "Next chapter",
  finish: "Finish",
  teachers: "For teachers",
  newTab: "(opens in a new tab)",
  copyLink: "Copy link",
  copied: "Link copied",
  notCopied: "Copy the link from the address bar",
  allSolved: "All six chapters are solved.",
  waiting: "The run is in progress. The task follows when it ends.",
  loading: "Loading a run …",
  missing: "This run did not measure what the chapter needs.",
  measure: "Run it again and measure it",
  ofTraining: "The page shows a training. This chapter needs a run.",
  showRecording: "Show the recording",
  noRecording: "The recording could not be loaded.",
  linkedPrompt: "This link has a prompt of its own.",
  runLinked: "Run it",
  runExample: "Run an example",
  covered: "Hidden until you have guessed",
  unnamed: "a token without text",
  quoted: (text: string) => `“${text}”`,
  chapters: {
    guess: {
      title: "Guess",
      idea: "A language model does one thing: it gives every token of its vocabulary a probability of coming next.",
      task: "Before you look: which word comes next? Type it or choose one.",
      learn: "A prediction is a distribution over the whole vocabulary, not a single answer.",
      how: "The guess is compared with the likeliest tokens that the run measured; upper and lower case do not matter. It is right if it is among the first five.",
    },
    "look-back": {
      title: "Look back",
      idea: "To predict, the model looks back: each head of each layer distributes its attention over the tokens so far.",
      task: "Find a head that looks one token back: it gives much of its attention to the token just before the current one.",
      learn: "Heads attend to different things. A simple pattern is the previous token.",
      how: "The chosen head must have the badge “previous token” of the head atlas, which counts its mean attention to the previous token over the run. In a model without such a head, the head with the highest mean is right. If only the strongest weights were measured, each mean is a lower bound.",
    },
    "build-up": {
      title: "Build up",
      idea: "Each layer adds to what the layers before it computed. The logit lens shows what each layer would predict if it were the last.",
      task: "From which layer on does the likeliest token stay the same?",
      learn:
        "As the logit lens shows it, a prediction forms layer by layer: for some tokens early, for others only in the last layer.",
      how: "The answer is the first layer from which on the measured logit lens of the shown token keeps the likeliest token of the last layer.",
    },
    decide: {
      title: "Decide",
      idea: "At some tokens the model is nearly certain, at others it hesitates. Entropy measures this uncertainty, in nats.",
      task: "Find the token at which the model was least certain. Choose it in the text or on the timeline, then check it.",
      learn: "Uncertainty can be measured, and it differs from token to token.",
      how: "The chosen token must have the highest measured entropy of the run.",
    },
    draw: {
      title: "Draw",
      idea: "The next token is drawn at random according to the probabilities. Top-p keeps only the likeliest tokens, as few as together reach the probability p.",
      task: (token: string) =>
        `What is the highest top-p with which ${token} can no longer be drawn?`,
      taskOfAny:
        "Find the highest top-p with which the third likeliest token can no longer be drawn.",
      learn:
        "Sampling controls decide what can be written; the model’s probabilities stay the same.",
      how: "The answer must be the summed probability of all likelier tokens, or up to 0.02 below it (temperature 1, other controls off).",
    },
    learn: {
      title: "Learn",
      idea: "All of this was learned. Training changes the weights so that the loss, the mean surprise at the tokens of the training texts, falls.",
      task: (limit: string) =>
        `Find the first snapshot with a loss below ${limit} nats. Choose it below the curve of the training, then check it.`,
      taskOfAny: "Find the first snapshot of a training with a loss below a given limit.",
      learn:
        "The loss falls quickly at first and slowly later, and the generated text becomes more readable as it falls.",
      how: "The chosen snapshot must be the first whose recorded loss is below the limit.",
    },
  },
  guess: {
    own: "Your guess",
    choices: "Or choose",
    gap: "the next word",
    ranked: (text: string, rank: number, percent: string) =>
      rank === 0
        ? `“${text}” is the likeliest token, with ${percent}\u00a0%.`
        : `“${text}” is at rank ${rank}, with ${percent}\u00a0%.`,
    unranked: (text: string, count: number, percent: string) =>
      `“${text}” is not among the ${count} likeliest tokens; the last of these has ${percent}\u00a0%.`,
    picture: (rows: string) => `The likeliest tokens: ${rows}.`,
    hints: [
      (n: string) =>
        `The model is as uncertain as between ${n} equally likely tokens (effective tokens).`,
      (letter: string) => `The likeliest token begins with “${letter}”.`,
      (token: string, percent: string) =>
        `The likeliest token is ${token}, with ${percent}\u00a0%.`,
    ] as const,
  },
  lookBack: {
    layer: "Layer",
    head: "Head",
    picture: (from: string, to: string) => `An arc from ${from} back to ${to}, the previous token.`,
    weighed: (layer: number, head: number, percent: string, exact: boolean) =>
      `Layer ${layer}, head ${head} gives ${percent}\u00a0% of its attention to the previous token, on average over the run${exact ? "" : " (a lower bound)"}.`,
    rule: (percent: string) => `At least ${percent}\u00a0% is needed.`,
    hints: [
      "Click the attention of a layer in the Stack: a list shows what each head reads most from.",
      (layer: number) => `Try layer ${layer}.`,
      (layer: number, head: number, percent: string) =>
        `Layer ${layer}, head ${head} gives ${percent}\u00a0% to the previous token.`,
    ] as const,
  },
  buildUp: {
    at: (token: string) => `Prediction of ${token}`,
    layer: "Layer",
    picture: (rows: string) => `Probability of each layer’s likeliest token: ${rows}.`,
    row: (layer: number, percent: string) => `layer ${layer}, ${percent}\u00a0%`,
    settled: (layer: number, token: string) =>
      `From layer ${layer} on, the likeliest token is ${token}.`,
    differs: (layer: number, token: string, last: string) =>
      `Layer ${layer} or a later one has a different likeliest token: ${token} instead of ${last}.`,
    earlier: (layer: number, before: number) =>
      `From layer ${layer} on it stays the same, but layer ${before} already has it too.`,
    hints: [
      "Read the last layer’s prediction at the top, then go down until a layer predicts something else.",
      (token: string) => `The last layer’s likeliest token is ${token}.`,
      (layer: number) => `It is layer ${layer}.`,
    ] as const,
  },
  decide: {
    shown: (token: string, nats: string) => `${token}: ${nats} nats`,
    check: "Check this token",
    picture: (count: number, shown: number) =>
      `Entropy of ${tokens(count)}; token ${shown} is marked.`,
    highest: (token: string, nats: string) =>
      `At ${token}, with ${nats} nats, the model was least certain.`,
    others: (token: string, nats: string, count: number) =>
      `At ${token} the entropy is ${nats} nats. The model was less certain at ${tokens(count)}.`,
    hints: [
      "The timeline’s upper curve is the entropy: look for its highest point.",
      (nats: string) => `The highest entropy is ${nats} nats.`,
      (step: number, token: string) => `It is token ${step}, ${token}.`,
    ] as const,
  },
  draw: {
    slider: "Top-p",
    picture: (kept: number, of: number) => `${kept} of the ${of} likeliest tokens can be drawn.`,
    possible: (token: string, p: string) => `At ${p}, ${token} can still be drawn.`,
    low: (token: string, p: string) =>
      `At ${p}, ${token} cannot be drawn, but a higher top-p also rules it out.`,
    right: (token: string, percent: string) =>
      `The tokens that are likelier than ${token} have ${percent}\u00a0% together: any top-p up to that removes it.`,
    hints: [
      "Lower top-p until the token is struck through, then raise it as far as the token stays struck through.",
      "Add the probabilities of all tokens that are likelier than this one.",
      (p: string) => `It is ${p}.`,
    ] as const,
  },
  learnTask: {
    open: "Open the example training",
    unknown: "No loss was recorded for this snapshot.",
    none: "This training has no recorded loss, or the loss does not fall.",
    check: "Check this snapshot",
    shown: (step: number, loss: string | null) =>
      `After ${step.toLocaleString("en")} steps: ${loss === null ? "no loss recorded" : `loss ${loss} nats`}`,
    picture: (limit: string, shown: string) =>
      `The loss of each snapshot, and a line at ${limit} nats. ${shown}.`,
    right: (step: number, loss: string) =>
      `After ${step.toLocaleString("en")} steps the loss is ${loss} nats, for the first time below the limit.`,
    high: (loss: string) => `The loss is ${loss} nats: still above the limit.`,
    late: (loss: string) => `The loss is ${loss} nats, but an earlier snapshot is below the limit.`,
    hints: [
      "The limit is the dashed line in the picture. Where does the curve cross it?",
      (from: number, to: number) =>
        `It is between step ${from.toLocaleString("en")} and step ${to.toLocaleString("en")}.`,
      (step: number) => `It is the snapshot after ${step.toLocaleString("en")} steps.`,
    ] as const,
  },
  page: {
    title: "Six chapters",
    introduction:
      "Six tasks of about a minute each, for lessons and for learning alone. The browser checks the answers against the measurements of the run that the page shows, so the tasks work with any model and any text. Your progress is kept in the browser and not sent.",
    learn: "What students learn",
    task: "Task",
    how: "How it is checked",
    link: "Link",
    open: (title: string) => `Open ${title}`,
    copy: (title: string) => `Copy the link to ${title}`,
  },
} as const;
