import { lazyPanel } from "../lazy-panel";
import { worded } from "../panel";
import { tilesTable } from "./table";
import { words } from "./words";

export const layerTilesPanel = worded(words, {
  id: "layer-tiles",
  term: "layer-tile",
  formula: "(P·x − μ) / σ",
  unit: () => words.unit,
  captures: ["tiles"],
  table: tilesTable,
  columns: 2,
  Component: lazyPanel(() => import("./view")),
});
