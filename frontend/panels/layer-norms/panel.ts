import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const layerNormsPanel = worded(words, {
  id: "layer-norms",
  term: "residual-stream",
  formula: "L2 = √Σ xᵢ²",
  unit: (run) => words.unit(run.start?.settings.aggregation ?? "l2"),
  captures: ["mlp", "residual"],
  open: true,
  ...lazyParts(() => import("./view")),
});
