import type { RunRecord } from "@/lib/run/run-record";
import { tableText } from "@/lib/text/characters";
import type { Panel, PanelTable } from "@/panels/panel";

type Cell = string | number | null;

/** A table as CSV (RFC 4180); what does not exist is an empty field. */
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

/** The tables of all tokens as one, with the token's index before each row. */
export function allTokens(panel: Panel, run: RunRecord, name: string): PanelTable | null {
  const { table } = panel;
  if (!table || run.frames.length === 0) return null;
  const tables = run.frames.map((_, step) => table(run, step));
  // The longest row of names: a panel may tell more of some tokens than of others.
  const columns = tables.reduce<readonly string[]>(
    (longest, each) => (each.columns.length > longest.length ? each.columns : longest),
    [],
  );
  const rows = tables.flatMap((each, step) => each.rows.map((row) => [step, ...row]));
  return { columns: [name, ...columns], rows };
}

/** Whether a panel's numbers belong to a token, rather than to the whole run. */
export function differsByToken({ table }: Panel, run: RunRecord): boolean {
  if (!table || run.frames.length < 2) return false;
  const last = run.frames.length - 1;
  return JSON.stringify(table(run, 0)) !== JSON.stringify(table(run, last));
}

/** The table with all that says what it is of. */
export function tableJson(panel: Panel, run: RunRecord, step: number, unit: string): string {
  const { columns, rows } = panel.table?.(run, step) ?? { columns: [], rows: [] };
  const frame = run.frames[step];
  const told = {
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
  return `${JSON.stringify(told, (_, value) => (Number.isNaN(value) ? null : value), 2)}\n`;
}
