export const english = {
  label: "Run settings",
  run: "Run",
  skip: "Skip to the text",
  fold: "Hide the settings",
  unfold: "Show the settings",
  stop: "Stop",
  copyLink: "Copy link",
  copied: "Link copied",
  notCopied: "See the address bar",
  reset: "Reset",
  common: "Sampling controls",
  more: "More sampling controls",
  measuring: "Measuring",
  defaultModel: "The server’s default",
  modelsLoading: "Loading models …",
  promptPlaceholder: "The start of a story …",
  seedPlaceholder: "random",
  stopPlaceholder: "one per line",
  tiles: {
    title: "Layer tiles",
    lead: "How the Layer tiles panel draws each layer; measured only while that panel is open.",
  },
  breakpoints: {
    title: "Breakpoints",
    lead: "The run stops at the first token that meets one of these. Then step or continue.",
    active: (n: number) => `${n} on`,
    names: {
      breakpoints_entropy_above: "Entropy above",
      breakpoints_probability_below: "Probability below",
      breakpoints_text: "Text appears",
      breakpoints_pattern: "Pattern matches",
      breakpoints_loop: "Text loops",
    } as Record<string, string>,
    explained: {
      breakpoints_entropy_above:
        "Stop when the entropy of the prediction is above this value, in nats; empty: off.",
      breakpoints_probability_below:
        "Stop when the chosen token was less likely than this value, from 0 to 1; empty: off.",
      breakpoints_text: "Stop when exactly this text appears; empty: off.",
      breakpoints_pattern: "Stop when this regular expression matches; empty: off.",
      breakpoints_loop: "Stop when the same tokens start to repeat.",
    } as Record<string, string>,
  },
  given: {
    messages: (n: number) =>
      `This link uses a conversation of ${n} ${n === 1 ? "message" : "messages"} instead of the prompt.`,
    forced: (n: number) =>
      `This link sets the first ${n === 1 ? "token" : `${n} tokens`} of the text.`,
    leaveOut: "Remove",
  },
  invalid: {
    one: (name: string) => `Check this setting: ${name}.`,
    more: (names: string) => `Check these settings: ${names}.`,
  },
  changed: {
    mark: (ran: string) => `not run yet; the run shown: ${ran}`,
    none: "nothing",
    count: (n: number) => `${n} not run yet`,
    note: (n: number) => (n === 1 ? "1 setting is not run yet." : `${n} settings are not run yet.`),
    takeBack: "Undo",
    takeBackHint: "Take the settings of the run shown",
  },
  settings: "Settings",
  unavailable: (model: string) => `${model} (not here)`,
  unavailableHelp: "This model is not here. Choose another one, or drop its folder on the page.",
  notLoadable: (model: string) => `${model} (cannot be loaded)`,
  runsOn: (host: string) => `on ${host}`,
  inBrowser: "in your browser",
  onServer: "on the server",
  notAllowed: (value: string) => `${value} (not allowed)`,
  copiedIncomplete: "Copied without the long prompt",
  address: {
    short:
      "These settings are too long for a link and are kept in this browser tab only. To share the run, save it as a file.",
    unknown:
      "This link refers to a long prompt that is kept in another browser tab. Ask the sender for the run as a file, or enter the prompt.",
  },
} as const;
