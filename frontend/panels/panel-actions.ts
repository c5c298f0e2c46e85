import type { ComponentType } from "react";
import { PANEL_EXPORTS } from "@/components/panel-export";
import type { RunRecord } from "@/lib/run/run-record";
import type { Panel } from "./panel";

/** What an action is done with: a panel as it stands on the page. */
export interface ShownPanel {
  readonly panel: Panel;
  readonly run: RunRecord;
  readonly step: number;
  /** The whole panel, frame and body. */
  readonly element: HTMLElement;
}

/** An item of every panel's menu, below those that arrange it. */
export interface PanelAction {
  readonly id: string;
  readonly label: string;
  readonly Icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
  /** Whether it can be done now; always, where it does not say. */
  readonly applies?: (shown: ShownPanel) => boolean;
  readonly act: (shown: ShownPanel) => void | Promise<void>;
}

export const PANEL_ACTIONS: readonly PanelAction[] = PANEL_EXPORTS;
