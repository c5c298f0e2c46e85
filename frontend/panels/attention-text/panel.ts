import { lazyPanel } from "../lazy-panel";
import { worded } from "../panel";
import { attentionTextTable } from "./table";
import { words } from "./words";

export const attentionTextPanel = worded(words, {
  id: "attention-text",
  term: "attention-pattern",
  unit: () => words.unit,
  captures: ["attention_rows"],
  table: attentionTextTable,
  columns: 2,
  Component: lazyPanel(() => import("./view")),
});
