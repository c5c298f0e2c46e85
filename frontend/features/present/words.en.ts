export const english = {
  start: "Present",
  end: "End presentation",
  hint: "Larger text for a projector (F)",
} as const;
