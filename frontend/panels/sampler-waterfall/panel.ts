import { lazyPanel } from "../lazy-panel";
import { worded } from "../panel";
import { stagesTable } from "./table";
import { words } from "./words";

export const samplerWaterfallPanel = worded(words, {
  id: "sampler-waterfall",
  term: "sampling-control",
  unit: () => words.unit,
  captures: ["sampler_stages"],
  table: stagesTable,
  columns: 2,
  rows: 2,
  Component: lazyPanel(() => import("./view")),
});
