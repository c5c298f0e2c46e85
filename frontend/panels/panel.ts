import type { ComponentType } from "react";
import type { TokenFrame } from "@/lib/contract/frames";
import type { PanelTable } from "@/lib/export/table";
import type { RunRecord } from "@/lib/run/run-record";

export type { PanelTable };

/** The props of every panel: the run and the step to show. */
export interface PanelProps {
  readonly run: RunRecord;
  /** The index of the token that all panels show; -1 before the first. */
  readonly step: number;
  /** The measurements of that token. */
  readonly frame: TokenFrame | undefined;
  /** Whether the newest token is followed. */
  readonly live: boolean;
  /** Selects another token; null follows the newest. */
  readonly select: (step: number | null) => void;
}

/** A panel. It can be opened on the page once it is in the registry. */
export interface Panel {
  /** Lower-case letters, digits and hyphens. It is part of links. */
  readonly id: string;
  readonly title: string;
  readonly unit: string | ((run: RunRecord) => string);
  /** The tensor that the panel reads, as a text. */
  readonly hookPoint: string;
  /** How to read the panel, in one sentence. */
  readonly howToRead: string;
  /** The same without terms of the field. `howToRead` is shown if it is missing. */
  readonly inWords?: string | undefined;
  /** How the shown numbers are computed. */
  readonly formula?: string;
  /** One more sentence, shown if the run can be forked. */
  readonly howToFork?: string | undefined;
  /** What the panel does not prove, in one sentence. */
  readonly caution?: string;
  /** The id of the glossary term that explains the panel. */
  readonly term?: string;
  /** The probes that a run must capture for it. */
  readonly captures: readonly string[];
  /** Whether the panel is open by default. */
  readonly open?: boolean;
  /** Returns the shown numbers for export. */
  readonly table?: (run: RunRecord, step: number) => PanelTable;
  /** Whether the panel takes a whole row of the grid by default. */
  readonly wide?: boolean;
  /** The default width in quarters of the page, 1 to 4; 4 if `wide`. */
  readonly columns?: number;
  /** The default height in rows of the grid, 1 to 3. */
  readonly rows?: number;
  readonly Component: ComponentType<PanelProps>;
}

/** Returns the default size of a panel. */
export const ownSize = ({ wide, columns, rows }: Panel) => ({
  columns: columns ?? (wide ? 4 : 1),
  rows: rows ?? 1,
});

type Words = Required<Pick<Panel, "title" | "hookPoint" | "howToRead" | "caution">> &
  Pick<Panel, "howToFork" | "inWords">;

/**
 * Returns a panel whose texts are looked up whenever they are read, because the language can
 * change.
 */
export const worded = (words: Words, panel: Omit<Panel, keyof Words>): Panel => ({
  get title() {
    return words.title;
  },
  get hookPoint() {
    return words.hookPoint;
  },
  get howToRead() {
    return words.howToRead;
  },
  get inWords() {
    return words.inWords;
  },
  get howToFork() {
    return words.howToFork;
  },
  get caution() {
    return words.caution;
  },
  ...panel,
});
