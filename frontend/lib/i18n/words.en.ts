export const english = {
  name: "MAV",
  title: "Model Activity Visualizer",
  description: "See inside a language model while it writes: measurements of every token, live.",
  skip: "Skip to the run",
} as const;
