import { lazyPanel } from "../lazy-panel";
import { worded } from "../panel";
import { mapTable } from "./table";
import { words } from "./words";

export const attentionMapsPanel = worded(words, {
  id: "attention-maps",
  term: "attention-pattern",
  unit: () => words.unit,
  captures: ["attention_map"],
  table: mapTable,
  columns: 2,
  rows: 2,
  Component: lazyPanel(() => import("./view")),
});
