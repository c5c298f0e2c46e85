import { type ComponentType, lazy, Suspense } from "react";
import type { PanelProps } from "./panel";

/** A panel whose code is loaded when it is first shown; its place is held until then. */
export function lazyPanel(
  load: () => Promise<{ default: ComponentType<PanelProps> }>,
): ComponentType<PanelProps> {
  const View = lazy(load);
  return function LazyPanel(props: PanelProps) {
    return (
      <Suspense fallback={<div aria-hidden className="h-full rounded-[3px] bg-well/60" />}>
        <View {...props} />
      </Suspense>
    );
  };
}
