import type { FinishReason } from "@/lib/contract";
import { arrangementText } from "./en-arrangement";
import { attentionText } from "./en-attention";
import { deeperText } from "./en-deeper";
import { exportText } from "./en-export";
import { keepingText } from "./en-keeping";
import { panelText } from "./en-panels";
import { timelineText } from "./en-timeline";
import { tourText } from "./en-tour";
import { trainingText } from "./en-training";
import { viewText } from "./en-views";

const count = (n: number, one: string, many: string) =>
  `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** Every word that a person reads on the site, in English. */
export const english = {
  site: {
    name: "MAV",
    title: "Model Activity Visualizer",
    description: "See inside a language model while it writes: measured at every token, live.",
    skip: "Skip to the run",
  },
  notFound: {
    title: "Page not found",
    detail: "There is nothing at this address. The link may be wrong, or the page has moved.",
    home: "Open the instrument",
  },
  theme: {
    label: "Colour theme",
    system: "Follow the system",
    light: "Light",
    dark: "Dark",
  },
  language: {
    label: "Language",
  },
  shortcuts: {
    open: "Keyboard shortcuts",
    close: "Close",
    rows: [
      { keys: ["Ctrl", "Enter"], action: "Run (⌘ Enter on a Mac)" },
      { keys: ["Esc"], action: "Stop the run" },
      { keys: ["←", "→"], action: "With a token focused: the token before, the token after" },
      { keys: ["Home", "End"], action: "With a token focused: the first, the newest" },
      { keys: ["Space"], action: "In the run: play the tokens, or pause" },
      { keys: ["Shift", "←", "→"], action: "In the timeline: mark a range that plays in a loop" },
      { keys: ["P"], action: "In the run: pause the run on the server, or continue" },
      { keys: ["N"], action: "In the run: one more token of a paused run" },
      { keys: ["L"], action: "In the run: follow the newest token again" },
      { keys: [",", "."], action: "In a training: the previous snapshot, the next one" },
      { keys: ["?"], action: "Show these shortcuts" },
    ],
  },
  form: {
    label: "Run settings",
    run: "Run",
    stop: "Stop",
    copyLink: "Copy link",
    copied: "Link copied",
    notCopied: "See the address bar",
    reset: "Reset",
    common: "Sampling controls",
    more: "More sampling controls",
    measuring: "Measuring",
    modelsLoading: "Loading the list of models …",
    promptPlaceholder: "The start of a story …",
    seedPlaceholder: "random",
    stopPlaceholder: "one per line",
    settings: {
      model: "Model",
      prompt: "Prompt",
      temperature: "Temperature",
      max_new_tokens: "New tokens",
      top_k: "Top-k",
      top_p: "Top-p",
      min_p: "Min-p",
      seed: "Seed",
      repetition_penalty: "Repetition penalty",
      no_repeat_ngram_size: "No-repeat n-gram",
      min_new_tokens: "At least",
      block_eos_steps: "Block end-of-text",
      block_ws_steps: "Block white space",
      stop: "Stop texts",
      top_n: "Predictions shown",
      aggregation: "Size of a vector",
      ...deeperText.settings,
      attn_every: "Attention map every",
    } as Record<string, string>,
    tiles: deeperText.tileSettings,
    choices: deeperText.choices as Record<string, string>,
    /** Beside the schema's own explanations, which are English. */
    explanations: {} as Record<string, string>,
    range: {
      from: (low: number) => `${low} or more`,
      above: (low: number) => `above ${low}`,
      upTo: (high: number) => `up to ${high}`,
      to: (from: string, high: number) =>
        high >= Number.MAX_SAFE_INTEGER ? from : `${from.replace(" or more", "")} to ${high}`,
    },
    problems: {
      empty: "Write something here first.",
      number: "Give a number.",
      ambiguous: "Write the number without thousands separators, for example 1000.5.",
      integer: "Give a whole number.",
      range: (range: string) => `Give a number: ${range}.`,
      choice: (choices: readonly string[]) => `Choose one of ${choices.join(", ")}.`,
    },
  },
  examples: {
    title: "Or begin with one of these",
    prompts: [
      "Once upon a time, there was a little",
      "Lily found a big red ball in the garden. She",
      "The dragon was sad because",
    ],
  },
  status: {
    label: "Status of the run",
    phases: {
      idle: "Ready",
      connecting: "Connecting",
      queued: "Queued",
      loading: "Loading the model",
      prefill: "Reading the prompt",
      running: "Writing",
      paused: "Paused",
      done: "Done",
      stopped: "Stopped by you",
      failed: "Failed",
    },
    refused: "Not started",
    ahead: (n: number) => `${n} ahead`,
    reasons: {
      eos: "the model ended the text",
      length: "the token limit is reached",
      stop: "a stop text appeared",
      cancelled: "it was cancelled",
      deadline: "the time limit is reached",
      breakpoint: "a breakpoint was reached",
    } satisfies Record<FinishReason, string>,
    contextFull: "the model’s context is full",
    tokens: "tokens",
    tokensPerSecond: "tokens/s",
    prefill: "prompt read in",
    seed: "seed",
    announceDone: (n: number, reason: string) =>
      `The run is done after ${count(n, "token", "tokens")}: ${reason}.`,
    layers: (n: number) => count(n, "layer", "layers"),
    heads: (n: number) => count(n, "head", "heads"),
    parameters: (n: string) => `${n} parameters`,
    on: (dtype: string, device: string) => `${dtype} on ${device}`,
  },
  steps: {
    label: "Which token the panels show",
    previous: "Previous token",
    next: "Next token",
    live: "Live",
    liveHint: "Follow the newest token",
    play: "Play",
    playHint: "Show token after token at reading speed",
    pause: "Pause",
    at: (step: number, last: number) => `token ${step} of 0–${last}`,
    none: "no token yet",
    letGo: {
      what: (from: number) => `Measurements before token ${from} are no longer in memory.`,
      why: "In very long runs the page keeps only the newest measurements; text, probability, entropy and rank are kept for every token.",
      go: (from: number) => `Show token ${from}`,
    },
  },
  failures: {
    retry: "Try again",
    resume: "Continue",
    shorten: "Shorten the prompt",
    change: "Change the setting",
    kept: (n: number) =>
      `${count(n, "token was", "tokens were")} received and ${n === 1 ? "is" : "are"} shown below.`,
    wait: (seconds: number) => `Wait ${count(Math.ceil(seconds), "second", "seconds")}.`,
    field: "Setting to change:",
    /** Nothing where the server speaks the page's language. */
    serverLanguage: "",
    /** Instead of the server's words, for what it says of itself rather than of a setting. */
    own: {
      run_too_large: {
        title: "The run sends too much data",
        detail:
          "It is larger than this server allows. Close panels of attention maps, attention rows and layer tiles, show fewer predictions, or ask for fewer tokens.",
      },
      client_budget_spent: {
        title: "The hourly data limit is reached",
        detail:
          "This server limits how much data each visitor can receive in an hour. Try again later, and close panels of attention maps, attention rows and layer tiles.",
      },
      client_too_slow: {
        title: "The connection is too slow for this run",
        detail:
          "Other runs are waiting for the model, so the server stopped this one. Close panels, or try again later.",
      },
      too_many_connections: {
        title: "The server has too many connections",
        detail: "Close other tabs of this page, or try again later.",
      },
      server_stopping: {
        title: "The server is shutting down",
        detail: "Try again when it is running again.",
      },
    } as Record<string, { readonly title: string; readonly detail: string }>,
    refused: {
      title: "The server refused this run",
      detail: (status: number) => `It returned status ${status} without a reason. Try again.`,
    },
    unreachable: {
      title: "The server cannot be reached",
      detail: "Check that it is still running and that you are online, then try again.",
    },
    streamBroken: {
      title: "The connection was lost during the run",
      detail:
        "Continue resumes after the last token received, with the same seed and settings. Try again starts over.",
    },
    contractMismatch: {
      title: "The server’s answer does not fit this page",
      detail:
        "The page and the server may have different versions. Reload the page, then try again.",
    },
  },
  figures: {
    id: "id",
    probability: "probability",
    logprob: "logprob",
    rank: "rank",
    entropy: "entropy",
    nats: "nats",
    forced: "given, not chosen",
    prompt: "prompt token",
  },
  token: {
    describe: (label: string, percent: string, rank: number) =>
      `${label}, probability ${percent}, rank ${rank}`,
    describePrompt: (label: string) => `${label}, prompt`,
  },
  arrangement: arrangementText,
  timeline: timelineText,
  tour: tourText,
  panels: { ...panelText, ...deeperText.panels, ...attentionText },
  ...viewText,
  ...exportText,
  ...trainingText,
  ...keepingText,
} as const;
