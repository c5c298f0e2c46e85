export const english = {
  name: "MAV",
  title: "Model Activity Visualizer",
  description: "See inside a language model while it writes: measurements of every token, live.",
  inHundred: (count: string) => `${count}\u00a0in\u00a0100`,
  skip: "Skip to the run",
} as const;
