import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const attentionMapsPanel = worded(words, {
  id: "attention-maps",
  term: "attention-pattern",
  formula: "a = softmax(s·q·kᵀ + mask)",
  unit: () => words.unit,
  captures: ["attention_map"],
  columns: 2,
  rows: 2,
  ...lazyParts(() => import("./view")),
});
