import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";
import { tableNumber } from "../table-number";
import { chosenScalars } from "./chosen";
import { columnName } from "./scalar-names";
import { readScalar } from "./scalars";
import { words } from "./words";

/** One row per token of the run, independent of the step, since the panel shows all tokens. */
export function trendsTable(run: RunRecord): PanelTable {
  const { scalars } = chosenScalars.getState();
  return {
    columns: [...words.columns, ...scalars.map((scalar) => columnName(scalar, run))],
    rows: run.frames.map((frame) => [
      frame.index,
      frame.label,
      ...scalars.map((scalar) => tableNumber(readScalar(scalar, frame))),
    ]),
  };
}
