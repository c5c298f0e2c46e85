import type { ComponentType } from "react";
import type { TokenFrame } from "@/lib/run/frames";
import type { RunRecord } from "@/lib/run/run-record";

/** What every panel is given: the run as received and the moment to show. */
export interface PanelProps {
  readonly run: RunRecord;
  /** Index of the token that all panels show; -1 before the first. */
  readonly step: number;
  /** That token's measurements. */
  readonly frame: TokenFrame | undefined;
  /** Whether the newest token is followed. */
  readonly live: boolean;
  /** Look at another token; null follows the newest. */
  readonly select: (step: number | null) => void;
}

/** The numbers that a panel shows at one step, with names for its columns. */
export interface PanelTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** A panel is this object; listed in the registry it can be opened on the page. */
export interface Panel {
  /** Lower-case letters, digits and hyphens: it stands in links. */
  readonly id: string;
  readonly title: string;
  readonly unit: string | ((run: RunRecord) => string);
  /** The tensor that it reads, in words. */
  readonly hookPoint: string;
  /** One sentence. */
  readonly howToRead: string;
  /** One more, only where the run can go on from it as a branch. */
  readonly howToFork?: string | undefined;
  /** One sentence: what the picture does not prove. */
  readonly caution?: string;
  /** The probes that a run must capture for it. */
  readonly captures: readonly string[];
  /** Whether it stands on the page of someone who has arranged nothing yet. */
  readonly open?: boolean;
  /** What it shows as numbers, to take away. */
  readonly table?: (run: RunRecord, step: number) => PanelTable;
  /** Made for the whole row, and low. */
  readonly wide?: boolean;
  /** How many quarters of the page it takes to begin with, 1 to 4; all of them where it is wide. */
  readonly columns?: number;
  /** How many rows it takes to begin with, 1 to 3. */
  readonly rows?: number;
  readonly Component: ComponentType<PanelProps>;
}

/** The size that a panel has until someone changes it. */
export const ownSize = ({ wide, columns, rows }: Panel) => ({
  columns: columns ?? (wide ? 4 : 1),
  rows: rows ?? 1,
});

type Words = Required<Pick<Panel, "title" | "hookPoint" | "howToRead" | "caution">> &
  Pick<Panel, "howToFork">;

/** A panel whose words are looked up when they are read, since the language can change. */
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
  get howToFork() {
    return words.howToFork;
  },
  get caution() {
    return words.caution;
  },
  ...panel,
});
