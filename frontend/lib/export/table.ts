import type { RunRecord } from "@/lib/run/run-record";

/** The numbers that a panel shows at one step, with names for its columns. */
export interface PanelTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** The fields of a panel that a table is made from. */
export interface TableSource {
  readonly id: string;
  readonly title: string;
  readonly hookPoint: string;
  readonly table?: (run: RunRecord, step: number) => PanelTable;
}
