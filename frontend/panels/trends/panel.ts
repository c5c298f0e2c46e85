import { lazyPanel } from "../lazy-panel";
import { worded } from "../panel";
import { trendsTable } from "./table";
import { words } from "./words";

export const trendsPanel = worded(words, {
  id: "trends",
  term: "surprise",
  unit: () => words.unit,
  captures: ["predictions", "distribution", "residual", "mlp", "attention_entropy"],
  table: trendsTable,
  columns: 2,
  Component: lazyPanel(() => import("./view")),
});
