import type { FinishReason } from "@/lib/contract";
import { withThousands } from "@/lib/text/thousands";

const count = (n: number, one: string, many: string) =>
  `${withThousands(n, ",")} ${n === 1 ? one : many}`;

export const english = {
  label: "Status of the run",
  recording: "Recording",
  phases: {
    idle: "Ready",
    connecting: "Connecting",
    queued: "Queued",
    loading: "Loading the model",
    prefill: "Processing the prompt",
    running: "Writing",
    paused: "Paused",
    done: "Done",
    stopped: "Stopped",
    failed: "Failed",
  },
  refused: "Not started",
  ahead: (n: number) => `${n} ahead`,
  reasons: {
    eos: "the model ended the text",
    length: "the token limit is reached",
    stop: "a stop string appeared",
    cancelled: "it was cancelled",
    deadline: "the time limit is reached",
    breakpoint: "a breakpoint was reached",
  } satisfies Record<FinishReason, string>,
  contextFull: "the model’s context is full",
  tokens: "tokens",
  tokensPerSecond: "tokens/s",
  shownPerSecond: "tokens/s shown",
  prefill: "prompt processed in",
  seed: "seed",
  announceDone: (n: number, reason: string) =>
    `The run is done after ${count(n, "token", "tokens")}: ${reason}.`,
  layers: (n: number) => count(n, "layer", "layers"),
  heads: (n: number) => count(n, "head", "heads"),
  parameters: (n: string) => `${n} parameters`,
  on: (dtype: string, device: string) => `${dtype} on ${device}`,
} as const;
