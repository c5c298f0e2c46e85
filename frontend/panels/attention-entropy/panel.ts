import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const attentionEntropyPanel = worded(words, {
  id: "attention-entropy",
  term: "attention-entropy",
  formula: "H = −Σₖ aₖ ln aₖ",
  unit: () => words.unit,
  captures: ["attention_entropy"],
  open: true,
  ...lazyParts(() => import("./view")),
});
