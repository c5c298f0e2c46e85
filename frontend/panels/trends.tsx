import { text } from "@/lib/text";
import { chosenScalars } from "@/lib/trends/chosen";
import { readScalar } from "@/lib/trends/scalars";
import { columnName } from "@/lib/trends/words";
import { lazyPanel } from "./lazy-panel";
import { worded } from "./panel";

const finite = (value: number) => (Number.isFinite(value) ? value : null);

export const trendsPanel = worded(text.panels.trends, {
  id: "trends",
  unit: () => text.panels.trends.unit,
  captures: ["predictions", "distribution", "residual", "mlp", "attention_entropy"],
  // Every token, whatever the step: that is what the panel shows.
  table: (run) => {
    const { scalars } = chosenScalars.getState();
    return {
      columns: [...text.panels.trends.columns, ...scalars.map((scalar) => columnName(scalar, run))],
      rows: run.frames.map((frame) => [
        frame.index,
        frame.label,
        ...scalars.map((scalar) => finite(readScalar(scalar, frame))),
      ]),
    };
  },
  columns: 2,
  Component: lazyPanel(() => import("./trends-view")),
});
