import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const layerTilesPanel = worded(words, {
  id: "layer-tiles",
  term: "layer-tile",
  formula: "(P·x − μ) / σ",
  unit: () => words.unit,
  captures: ["tiles"],
  columns: 2,
  ...lazyParts(() => import("./view")),
});
