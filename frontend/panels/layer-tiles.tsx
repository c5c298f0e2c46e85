import { text } from "@/lib/text";
import { lazyPanel } from "./lazy-panel";
import { worded } from "./panel";

export const layerTilesPanel = worded(text.panels.tiles, {
  id: "layer-tiles",
  unit: () => text.panels.tiles.unit,
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
});
