import type { Condition } from "@/lib/contract";

/** The words of the timeline, of holding a run, and of its breakpoints. */
export const timelineText = {
  label: "Timeline",
  slider: "Token shown",
  sliderHelp:
    "Arrow keys go from token to token, Page Up and Page Down ten at a time, Home and End to the first and the newest. Space plays. Shift with an arrow key marks a range that plays in a loop; Delete clears it.",
  value: (step: number, last: number, label: string, percent: string, entropy: string) =>
    `token ${step} of 0 to ${last}: ${label}, probability ${percent}, entropy ${entropy} nats`,
  empty: "no token yet",
  tokens: "tokens",
  entropy: "entropy",
  entropyScale: (max: number) => `0–${max} nats`,
  probability: "probability",
  probabilityScale: "0–1",
  speed: "Speed",
  perSecond: (n: number) => `${n} tokens/s`,
  loop: "Loop",
  loopHint: "Repeat a range: shift-drag over the timeline, or Shift with arrow keys",
  loopRange: (from: number, to: number) => `${from}–${to}`,
  loopSaid: (from: number, to: number) => `Loop from token ${from} to token ${to}`,
  hold: "Pause run",
  holdHint: "The server stops computing; received tokens are kept (P)",
  step: "Step",
  stepHint: "Compute one more token (N)",
  goOn: "Continue",
  goOnHint: "Continue from the last token (P)",
  goOnMoreHint: "The token limit is reached: continue for as many tokens again (P)",
  goOnFull: "The model’s context is full: this run cannot be continued",
  hits: {
    entropy_above: (value: string) => `entropy ${value} nats is above the limit`,
    probability_below: (value: string) => `probability ${value} % is under the limit`,
    text: (found: string) => `“${found}” appeared`,
    pattern: (found: string) => `the pattern matched “${found}”`,
    loop: (value: string) => `the text repeats every ${value} tokens`,
    after: () => "one token further",
  } satisfies Record<Condition, (value: string) => string>,
  breakpoint: "Breakpoint",
  at: (step: number) => `at token ${step}:`,
  breakpoints: {
    title: "Breakpoints",
    lead: "The run stops at the first token that meets one of these. Then step or continue.",
    active: (n: number) => `${n} on`,
    names: {
      breakpoints_entropy_above: "Entropy above",
      breakpoints_probability_below: "Probability under",
      breakpoints_text: "Text appears",
      breakpoints_pattern: "Pattern matches",
      breakpoints_loop: "Text loops",
    } as Record<string, string>,
    explained: {
      breakpoints_entropy_above:
        "Stop where the entropy of the prediction is above this, in nats; empty is off.",
      breakpoints_probability_below:
        "Stop where the chosen token was less likely than this, from 0 to 1; empty is off.",
      breakpoints_text: "Stop where this text appears, exactly as written; empty is off.",
      breakpoints_pattern: "Stop where this regular expression matches; empty is off.",
      breakpoints_loop: "Stop where the same tokens start to repeat.",
    } as Record<string, string>,
  },
} as const;
