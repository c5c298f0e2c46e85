import { worded } from "../panel";
import { layersTable } from "./table";
import LayerNorms from "./view";
import { words } from "./words";

export const layerNormsPanel = worded(words, {
  id: "layer-norms",
  term: "residual-stream",
  formula: "L2 = √Σ xᵢ²",
  unit: (run) => words.unit(run.start?.settings.aggregation ?? "l2"),
  captures: ["mlp", "residual"],
  open: true,
  table: layersTable,
  Component: LayerNorms,
});
