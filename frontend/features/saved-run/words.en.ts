import { withThousands } from "@/lib/text/thousands";

const tokens = (n: number) => `${withThousands(n, ",")} ${n === 1 ? "token" : "tokens"}`;

export const english = {
  run: {
    title: "This browser has kept your last run.",
    detail: (model: string, n: number, prompt: string) =>
      `${model}, ${tokens(n)}${prompt === "" ? "" : ` after “${prompt}”`}`,
    open: "Open the last run",
  },
  chat: {
    title: "Restore the last conversation of this tab?",
    detail: (n: number) => `${withThousands(n, ",")} ${n === 1 ? "message" : "messages"}`,
  },
  restore: "Restore",
  restoring: "Restoring …",
  discard: "Discard",
  lost: "The saved copy could not be read.",
} as const;
