const tokens = (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "token" : "tokens"}`;

/** What the page keeps in the address and in the browser, and what it says when a view fails. */
export const keepingText = {
  keeping: {
    short:
      "These settings are too long for a link. They are kept in this browser tab only. To share the run, save it as a file.",
    unknown:
      "This link refers to a long prompt that is kept in another browser tab. Ask the sender for the run as a file, or enter the prompt.",
    copiedIncomplete: "Copied without the long prompt",
    linkIncomplete:
      "Link copied, without the long prompt: it is kept in this browser tab only. Save the run as a file to share it.",
    run: {
      title: "The last run of this tab was kept.",
      detail: (model: string, n: number) => `${model}, ${tokens(n)}`,
    },
    chat: {
      title: "The last conversation of this tab was kept.",
      detail: (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "message" : "messages"}`,
    },
    restore: "Restore",
    restoring: "Restoring …",
    discard: "Discard",
    lost: "It could not be read from this browser.",
  },
  viewFailed: {
    title: "This view failed",
    detail: "Your settings and runs are kept.",
    retry: "Try again",
    reload: "Reload the page",
  },
  invalid: {
    one: (name: string) => `Check this setting: ${name}.`,
    more: (names: string) => `Check these settings: ${names}.`,
  },
  unavailable: (model: string) => `${model} (not on this server)`,
  unavailableHelp: "This server does not have this model. Choose another one.",
  notLoadable: (model: string) => `${model} (cannot be loaded)`,
  notAllowed: (value: string) => `${value} (not allowed)`,
} as const;
