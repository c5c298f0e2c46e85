import type { ComponentType } from "react";
import type { RunRecord } from "@/lib/run/run-record";
import type { Panel } from "@/panels/panel";

/** The panel for which an action is called. */
export interface ShownPanel {
  readonly panel: Panel;
  readonly run: RunRecord;
  readonly step: number;
  /** The element of the whole panel. */
  readonly element: HTMLElement;
}

/** An additional item in the menu of every panel. */
export interface PanelAction {
  readonly id: string;
  readonly label: string;
  readonly Icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
  /** Whether the action is available. Always, if absent. */
  readonly applies?: (shown: ShownPanel) => boolean;
  readonly act: (shown: ShownPanel) => void | Promise<void>;
}
