import { type ComponentType, type FunctionComponent, lazy } from "react";
import { orNothing } from "@/components/ui/or-nothing";
import type { Panel, PanelProps, PanelTable } from "./panel";

interface LazyPanel extends FunctionComponent<PanelProps> {
  /** Forgets a failed import, so that it is tried again. */
  renew?: () => void;
}

/**
 * Returns a panel component whose code is loaded when it is first shown. The panel's frame is shown
 * meanwhile.
 */
export function lazyPanel(
  load: () => Promise<{ default: ComponentType<PanelProps> }>,
): ComponentType<PanelProps> {
  let View = lazy(load);
  const Panel: LazyPanel = (props) => <View {...props} />;
  Panel.renew = () => {
    View = lazy(load);
  };
  return Panel;
}

/**
 * Returns a part of a panel whose code is loaded when it is first shown. If it cannot be loaded, the
 * rest of the panel is shown without it.
 */
export const lazyPart = <Props,>(load: () => Promise<{ default: ComponentType<Props> }>) =>
  lazy(() => orNothing(load()));

type Table = NonNullable<Panel["table"]>;

const NO_TABLE: PanelTable = { columns: [], rows: [] };

/**
 * Returns a panel component and its table, whose code is loaded with the component: a table can only
 * be saved where the panel is shown. Before that it is empty.
 */
export function lazyParts(
  load: () => Promise<{ default: ComponentType<PanelProps>; table: Table }>,
): Pick<Panel, "Component" | "table"> {
  const loaded: { table: Table | null } = { table: null };
  const Component = lazyPanel(async () => {
    const parts = await load();
    loaded.table = parts.table;
    return parts;
  });
  return { Component, table: (run, step) => loaded.table?.(run, step) ?? NO_TABLE };
}

/** Lets a panel that failed to load be imported again. */
export const renew = (component: ComponentType<PanelProps>): void =>
  (component as LazyPanel).renew?.();
