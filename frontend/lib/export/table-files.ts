import type { RunRecord } from "@/lib/run/run-record";
import { tableText } from "@/lib/text/characters";
import type { PanelTable, TableSource } from "./table";

type Cell = string | number | null;

/** Formats a table as CSV (RFC 4180). Missing values are empty fields. */
export function tableCsv({ columns, rows }: PanelTable): string {
  return [columns, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

function field(cell: Cell): string {
  if (cell === null || (typeof cell === "number" && !Number.isFinite(cell))) return "";
  const written = typeof cell === "string" ? tableText(cell) : String(cell);
  return /[",\r\n\u2028\u2029]|^\s|\s$/.test(written)
    ? `"${written.replaceAll('"', '""')}"`
    : written;
}

/** Joins the tables of all tokens, with the index of the token as the first column. */
export function allTokens(panel: TableSource, run: RunRecord, name: string): PanelTable | null {
  const { table } = panel;
  if (!table || run.frames.length === 0) return null;
  const tables = run.frames.map((_, step) => table(run, step));
  // The longest header, since the tables of some tokens may have more columns.
  const columns = tables.reduce<readonly string[]>(
    (longest, each) => (each.columns.length > longest.length ? each.columns : longest),
    [],
  );
  const rows = tables.flatMap((each, step) => each.rows.map((row) => [step, ...row]));
  return { columns: [name, ...columns], rows };
}

/** Whether the table depends on the token, rather than showing the whole run. */
export function differsByToken({ table }: TableSource, run: RunRecord): boolean {
  if (!table || run.frames.length < 2) return false;
  const last = run.frames.length - 1;
  return JSON.stringify(table(run, 0)) !== JSON.stringify(table(run, last));
}

/** Formats a table as JSON, together with its panel, run and settings. */
export function tableJson(panel: TableSource, run: RunRecord, step: number, unit: string): string {
  const { columns, rows } = panel.table?.(run, step) ?? { columns: [], rows: [] };
  const frame = run.frames[step];
  const content = {
    panel: panel.id,
    title: panel.title,
    unit,
    hook_point: panel.hookPoint,
    run_id: run.start?.runId,
    model: run.start?.model.name,
    settings: run.start?.settings,
    token: frame && {
      index: frame.index,
      position: frame.position,
      id: frame.id,
      text: frame.label,
    },
    columns,
    rows,
  };
  return `${JSON.stringify(content, (_, value) => (Number.isNaN(value) ? null : value), 2)}\n`;
}
