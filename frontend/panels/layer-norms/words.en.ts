const aggregations = {
  l2: "L2 length",
  max_abs: "largest magnitude",
  mean_abs: "mean magnitude",
  rms: "root mean square",
} as const;

export const english = {
  title: "MLP activations",
  inWords: "How much each step of the computation changes the model’s state.",
  unit: (aggregation: keyof typeof aggregations) => aggregations[aggregation],
  hookPoint: "block outputs",
  howToRead:
    "How strongly each layer changes the model’s state. Faint band: its range in this run so far.",
  caution:
    "Large does not mean important: layers write at different scales, and the next layer may cancel what one writes.",
  layer: "layer",
  series: {
    mlpNorm: { name: "MLP", hookPoint: "output of each MLP block" },
    attnNorm: { name: "Attention", hookPoint: "output of each attention block" },
    residNorm: { name: "Residual", hookPoint: "residual stream before each layer" },
  },
  seriesLabel: "Which part of the layer",
  scaleLabel: "Scale",
  scales: { linear: "linear scale", log: "logarithmic scale", share: "relative to the stream" },
  grew: (step: number) => `scale grew at token ${step}`,
  still: "same scale in the whole run",
  always: "same scale in every run",
  reading: (layer: string, value: string, share?: string) =>
    share === undefined
      ? `Layer ${layer}: ${value}`
      : `Layer ${layer}: ${value}, ${share} of the stream before it`,
  final: "out",
  absent: "none",
  notCaptured: "This run did not capture this part.",
  summary: (name: string, rows: string) => `${name} by layer: ${rows}.`,
} as const;
