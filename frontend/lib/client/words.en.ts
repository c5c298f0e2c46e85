import { withThousands } from "@/lib/text/thousands";

const count = (n: number, one: string, many: string) =>
  `${withThousands(n, ",")} ${n === 1 ? one : many}`;

export const english = {
  retry: "Try again",
  anotherFile: "Open another file",
  resume: "Continue",
  shorten: "Shorten the prompt",
  change: "Change the setting",
  inBrowser: "Run in this browser",
  kept: (n: number) =>
    `${count(n, "token was", "tokens were")} received and ${n === 1 ? "is" : "are"} shown below.`,
  wait: (seconds: number) => `Wait ${count(Math.ceil(seconds), "second", "seconds")}.`,
  field: "Setting to change:",
  /** Shown with messages of the server, which are English; empty if the page is in English too. */
  serverLanguage: "",
  /** Translated messages for errors that concern the server rather than a setting. */
  own: {
    run_too_large: {
      title: "The run sends too much data",
      detail:
        "It is larger than this server allows. Close the attention and layer tile panels, show fewer predictions, or generate fewer tokens.",
    },
    client_budget_spent: {
      title: "The hourly data limit is reached",
      detail:
        "This server limits how much data each visitor can receive in an hour. Try again later, and close the attention and layer tile panels.",
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
  timeLimitTooShort: {
    title: "The server’s time limit ended the run before its next token",
    detail:
      "The server may be busy, or its limit (MAV_DEADLINE_S) may be too short for a text of this length. Continue tries again.",
  },
  contractMismatch: {
    title: "The server’s answer does not fit this page",
    detail: "The page and the server may have different versions. Reload the page, then try again.",
  },
} as const;
