/** The words of parts that are loaded later: an opened part of the model, and a comparison. */
export const english = {
  place: (band: string, label: string) => `Layer ${band} at “${label}”`,
  places: (band: string, label: string) => `Layers ${band} at “${label}”`,
  attention: (share: string) =>
    `attention adds a vector ${share} times the size of the stream before the layer`,
  reads: (sources: string) => `and reads ${sources}`,
  readsInOneLayer: (sources: string) =>
    `and reads (of each token, the largest share in one of these layers) ${sources}`,
  readsNothing: "and reads no token with more than 4\u00a0%",
  noAttention: "no attention",
  mlp: (share: string) =>
    `the MLP adds a vector ${share} times the size of the stream before the layer`,
  noMlp: "no MLP",
  stream: (before: string, after: string) =>
    `the residual stream's size goes from ${before} to ${after}`,
  lens: (label: string, share: string, rank: string) =>
    `if it were the last layer, “${label}” would be predicted (${share}), and the chosen token is at rank ${rank}`,
  lensInPrompt: (label: string, share: string, rank: string) =>
    `if it were the last layer, “${label}” would be predicted (${share}), and the prompt's next token is at rank ${rank}`,
  notMeasured: (label: string) =>
    `“${label}” was not measured. Of a prompt, at most the last 64 tokens are measured.`,
  differenceLegend:
    "shade: distance between the residual streams of A and B, full from 100\u00a0% of A's size on",
  path: "Parts of the model",
  model: "Model",
  head: (head: number) => `Head ${head}`,
  headsLabel: (layer: number) => `Heads of layer ${layer}`,
  headColumns: { head: "head", reads: "reads most from", first: "first token, %" },
  mlpLabel: (layer: number) => `What the MLP of layer ${layer} adds at each token`,
  mlpColumns: { token: "token", size: "size", share: "relative to the stream" },
  weightsLabel: (layer: number, head: number) =>
    `Attention weights of layer ${layer}, head ${head}, by token`,
  weightColumns: { position: "position", token: "token", weight: "weight, %" },
  headReads: (sources: string) => `This head reads ${sources}.`,
  fewWeights:
    "This run measured the strongest source of each head. Running again with the same seed measures all weights.",
  measureWeights: "Measure all weights",
  layerName: (layer: number) => `Layer ${layer}`,
} as const;
