import { type ComponentType, type FunctionComponent, lazy } from "react";
import type { PanelProps } from "./panel";

interface LazyPanel extends FunctionComponent<PanelProps> {
  /** Forget that it could not be loaded, to try once more. */
  renew?: () => void;
}

/** A panel whose code is loaded when it is first shown; the panel's frame holds its place. */
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

/** Of a panel that failed while it was loaded: let the next try load it anew. */
export const renew = (component: ComponentType<PanelProps>): void =>
  (component as LazyPanel).renew?.();
