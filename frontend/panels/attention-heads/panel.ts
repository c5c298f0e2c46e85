import { lazyPanel } from "../lazy-panel";
import { worded } from "../panel";
import { headsTable } from "./table";
import { words } from "./words";

export const attentionHeadsPanel = worded(words, {
  id: "attention-heads",
  term: "head",
  unit: () => words.unit,
  captures: ["attention_rows"],
  table: headsTable,
  columns: 2,
  Component: lazyPanel(() => import("./view")),
});
