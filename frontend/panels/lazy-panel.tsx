import { type ComponentType, type FunctionComponent, lazy } from "react";
import type { PanelProps } from "./panel";

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

/** Lets a panel that failed to load be imported again. */
export const renew = (component: ComponentType<PanelProps>): void =>
  (component as LazyPanel).renew?.();
