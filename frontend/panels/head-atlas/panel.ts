import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const headAtlasPanel = worded(words, {
  id: "head-atlas",
  term: "head",
  formula: "ā = 1/|Q| · Σ q∈Q Σ k∈K(q) a(q, k)",
  unit: () => words.unit,
  captures: ["attention_rows", "attention_sources"],
  columns: 2,
  rows: 2,
  ...lazyParts(() => import("./view")),
});
