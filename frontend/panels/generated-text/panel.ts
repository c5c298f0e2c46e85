import { worded } from "../panel";
import { textTable } from "./table";
import GeneratedText from "./view";
import { words } from "./words";

export const generatedTextPanel = worded(words, {
  id: "generated-text",
  term: "logprob",
  formula: "logprob = ln softmax(z)ᵢ",
  unit: () => words.unit,
  captures: [],
  open: true,
  table: textTable,
  wide: true,
  Component: GeneratedText,
});
