export const english = {
  shortcuts: {
    open: "Keyboard shortcuts",
  },
  save: {
    open: "Save",
    hint: "Save or open a run",
  },
  views: {
    label: "Views",
    names: { instrument: "Instrument", compare: "Compare", chat: "Chat" },
    back: "Back to the instrument",
  },
} as const;
