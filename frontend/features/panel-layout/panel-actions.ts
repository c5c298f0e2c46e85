import type { PanelAction } from "./panel-action";
import { PANEL_EXPORTS } from "./panel-export";

/** The additional items in the menu of every panel. */
export const PANEL_ACTIONS: readonly PanelAction[] = PANEL_EXPORTS;
