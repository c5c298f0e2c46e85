/** The words of the panels' frames, their menu and the drawer that lists them. */
export const arrangementText = {
  open: "Panels",
  drawer: {
    title: "Panels",
    lead: "Choose the panels on this page. A run captures what the open panels need.",
    close: "Close",
    captures: (probes: string) => `captures ${probes}`,
    noCaptures: "needs no capture",
    reset: "Reset arrangement",
    shown: (n: number, all: number) => `${n} of ${all} open`,
    custom: "from this site",
    broken: {
      title: (file: string) => `${file} does not define a panel`,
      none: "It must export an object with an id, a title, captures and a Component.",
      taken: (id: string) => `Another panel has the id ${id}. Choose a different one.`,
      threw: (error: string) => `Loading it failed: ${error}`,
    },
  },
  none: {
    title: "No panel is open.",
    detail: "Open the panels that you want to see, or reset the arrangement.",
  },
  unknown: (ids: string) =>
    `This arrangement names panels that this site does not have: ${ids}. The others are shown.`,
  dismiss: "Dismiss",
  menu: {
    open: (title: string) => `Menu of ${title}`,
    earlier: "Move earlier",
    later: "Move later",
    wider: "Wider",
    narrower: "Narrower",
    taller: "Taller",
    shorter: "Shorter",
    hide: "Hide",
  },
  grip: (title: string) => `Move or resize ${title}`,
  gripHelp:
    "Arrow keys move the panel, Shift and arrow keys change its size, Delete hides it, Enter opens its menu.",
  corner: "Drag to change the size",
  caution: {
    open: (title: string) => `What ${title} does not prove`,
    title: "What it does not prove",
  },
  said: {
    opened: (title: string, place: number, of: number) =>
      `${title} opened, place ${place} of ${of}.`,
    hidden: (title: string) => `${title} hidden.`,
    moved: (title: string, place: number, of: number) => `${title}: place ${place} of ${of}.`,
    resized: (title: string, columns: number, of: number, rows: number) =>
      `${title}: ${columns} of ${of} columns wide, ${rows} of 3 rows high.`,
    reset: "The panels are in their original arrangement.",
  },
  broken: {
    title: (panel: string) => `${panel} failed`,
    detail: "The run and the other panels continue.",
    retry: "Try again",
    hide: "Hide",
  },
  uncaptured: {
    missing: (probes: string) => `This run did not capture ${probes}.`,
    again: "Run again",
    cannot: (model: string, probes: string) => `${model} does not support ${probes}.`,
    cannotDetail: "This model has nothing for this panel to show. Choose another model to see it.",
  },
  given: {
    messages: (n: number) =>
      `This link uses a conversation of ${n} ${n === 1 ? "message" : "messages"} instead of the prompt.`,
    forced: (n: number) =>
      `This link sets the first ${n === 1 ? "token" : `${n} tokens`} of the text.`,
    leaveOut: "Remove",
  },
  loading: (title: string) => `Loading ${title}`,
  probes: {
    predictions: "predictions",
    distribution: "the output distribution",
    residual: "residual stream sizes",
    mlp: "MLP and attention outputs",
    attention_entropy: "attention entropy",
    attention_rows: "attention rows",
    attention_map: "attention maps",
    logit_lens: "the logit lens",
    tiles: "layer tiles",
    sampler_stages: "sampler stages",
  } as Record<string, string>,
};
