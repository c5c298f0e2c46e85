import { lazyPanel } from "../lazy-panel";
import { worded } from "../panel";
import { lensTable } from "./table";
import { words } from "./words";

export const logitLensPanel = worded(words, {
  id: "logit-lens",
  term: "logit-lens",
  unit: () => words.unit,
  captures: ["logit_lens"],
  table: lensTable,
  columns: 2,
  Component: lazyPanel(() => import("./view")),
});
