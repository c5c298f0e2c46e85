export const english = {
  reads: (layer: number, head: number, token: string, sources: string) =>
    `Layer ${layer}, head ${head} at “${token}” reads ${sources}.`,
  source: (label: string, share: string) => `“${label}” ${share}`,
  firstToken: (share: string) => `the first token ${share}`,
  nothing: "no token with more than 4\u00a0%",
  strongest: "Only its strongest source was measured.",
  absent: (layer: number, head: number) =>
    `Layer ${layer}, head ${head} was not measured at this token.`,
  clear: "Clear the chosen head",
} as const;
