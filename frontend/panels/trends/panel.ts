import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const trendsPanel = worded(words, {
  id: "trends",
  term: "surprise",
  formula: "H = −Σ p ln p, Nₑ = exp(H)",
  unit: () => words.unit,
  captures: ["predictions", "distribution", "residual", "mlp", "attention_entropy"],
  columns: 2,
  ...lazyParts(() => import("./view")),
});
