import { lazyParts } from "../lazy-panel";
import { worded } from "../panel";
import { words } from "./words";

export const whatIfPanel = worded(words, {
  id: "what-if",
  term: "sampling-control",
  unit: () => words.unit,
  captures: ["predictions", "distribution"],
  ...lazyParts(() => import("./view")),
});
