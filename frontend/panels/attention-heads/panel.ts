import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const attentionHeadsPanel = worded(words, {
  id: "attention-heads",
  term: "head",
  formula: "a = softmax(s·q·kᵀ + mask)",
  unit: () => words.unit,
  captures: ["attention_rows"],
  columns: 2,
  ...lazyParts(() => import("./view")),
});
