import { worded } from "../panel";
import { predictionsTable } from "./table";
import TopPredictions from "./view";
import { words } from "./words";

export const topPredictionsPanel = worded(words, {
  id: "top-predictions",
  term: "logit",
  formula: "pᵢ = exp(zᵢ) / Σⱼ exp(zⱼ)",
  unit: () => words.unit,
  captures: ["predictions"],
  open: true,
  table: predictionsTable,
  Component: TopPredictions,
});
