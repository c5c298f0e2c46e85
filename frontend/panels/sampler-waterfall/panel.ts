import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const samplerWaterfallPanel = worded(words, {
  id: "sampler-waterfall",
  term: "sampling-control",
  formula: "pᵢ ∝ exp(zᵢ / T)",
  unit: () => words.unit,
  captures: ["sampler_stages"],
  columns: 2,
  rows: 2,
  ...lazyParts(() => import("./view")),
});
