import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const outputDistributionPanel = worded(words, {
  id: "output-distribution",
  term: "output-distribution",
  formula: "H = −Σ p ln p, Nₑ = exp(H)",
  unit: () => words.unit,
  captures: ["distribution"],
  open: true,
  ...lazyParts(() => import("./view")),
});
