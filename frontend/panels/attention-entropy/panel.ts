import { worded } from "../panel";
import { attentionTable } from "./table";
import AttentionEntropy from "./view";
import { words } from "./words";

export const attentionEntropyPanel = worded(words, {
  id: "attention-entropy",
  term: "attention-entropy",
  formula: "H = −Σₖ aₖ ln aₖ",
  unit: () => words.unit,
  captures: ["attention_entropy"],
  open: true,
  table: attentionTable,
  Component: AttentionEntropy,
});
