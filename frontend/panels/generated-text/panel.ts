import { worded } from "../panel";
import { textTable } from "./table";
import GeneratedText from "./view";
import { words } from "./words";

export const generatedTextPanel = worded(words, {
  id: "generated-text",
  term: "logprob",
  unit: () => words.unit,
  captures: [],
  open: true,
  table: textTable,
  wide: true,
  Component: GeneratedText,
});
