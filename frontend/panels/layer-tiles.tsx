import { text } from "@/lib/text/en";
import { lazyPanel } from "./lazy-panel";
import type { Panel } from "./panel";

export const layerTilesPanel: Panel = {
  id: "layer-tiles",
  get title() {
    return text.panels.tiles.title;
  },
  unit: () => text.panels.tiles.unit,
  get hookPoint() {
    return text.panels.tiles.hookPoint;
  },
  get howToRead() {
    return text.panels.tiles.howToRead;
  },
  get caution() {
    return text.panels.tiles.caution;
  },
  captures: ["tiles"],
  table: (run, step) => {
    const { shape = [], values = new Float32Array() } = run.frames[step]?.tiles ?? {};
    const [, height = 1, width = 1] = shape;
    const rows = Array.from(values, (value, i) => [
      Math.floor(i / (height * width)),
      Math.floor(i / width) % height,
      i % width,
      Number.isNaN(value) ? null : value,
    ]);
    return { columns: text.panels.tiles.columns, rows };
  },
  columns: 2,
  Component: lazyPanel(() => import("./layer-tiles-view")),
};
