export const english = {
  shortcuts: {
    open: "Keyboard shortcuts",
  },
  views: {
    label: "Views",
    names: { instrument: "Instrument", compare: "Compare", chat: "Chat" },
    back: "Back to the instrument",
  },
} as const;
