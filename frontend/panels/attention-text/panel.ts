import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const attentionTextPanel = worded(words, {
  id: "attention-text",
  term: "attention-pattern",
  formula: "a = softmax(s·q·kᵀ + mask)",
  unit: () => words.unit,
  captures: ["attention_rows"],
  columns: 2,
  ...lazyParts(() => import("./view")),
});
