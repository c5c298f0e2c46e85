const tokens = (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "token" : "tokens"}`;

export const english = {
  run: {
    title: "Restore the last run of this tab?",
    detail: (model: string, n: number) => `${model}, ${tokens(n)}`,
  },
  chat: {
    title: "Restore the last conversation of this tab?",
    detail: (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "message" : "messages"}`,
  },
  restore: "Restore",
  restoring: "Restoring …",
  discard: "Discard",
  lost: "The saved copy could not be read.",
} as const;
