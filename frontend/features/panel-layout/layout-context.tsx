"use client";

import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useState,
} from "react";
import { useStore } from "zustand";
import { type CustomPanels, loadCustomPanels } from "@/panels/custom-panels";
import { ownSize, type Panel } from "@/panels/panel";
import { PANELS } from "@/panels/registry";
import type { PanelLayout, Placed } from "./layout";
import {
  createLayoutStore,
  type Furnishing,
  initialLayout,
  type LayoutState,
  type LayoutStore,
} from "./layout-store";

interface LayoutContextValue extends CustomPanels {
  readonly store: LayoutStore;
  /** All panels that can be opened: built-in and custom ones. */
  readonly panels: readonly Panel[];
  /** Whether the custom panels have been loaded. */
  readonly complete: boolean;
}

/** A panel that is shown, with its size. */
export interface OpenPanel {
  readonly panel: Panel;
  readonly placed: Placed;
}

const LayoutContext = createContext<LayoutContextValue | null>(null);

const furnishing = (panel: Panel): Furnishing => ({
  id: panel.id,
  ...ownSize(panel),
  open: panel.open === true,
});

interface LayoutProviderProps {
  panels?: readonly Panel[];
  loadCustom?: () => Promise<CustomPanels>;
  children: ReactNode;
}

export function LayoutProvider({
  panels: builtIn = PANELS,
  loadCustom = loadCustomPanels,
  children,
}: LayoutProviderProps) {
  const [store] = useState(() => createLayoutStore(builtIn.map(furnishing)));
  const [custom, setCustom] = useState<CustomPanels | null>(null);
  // A layout effect, so that the saved arrangement is applied before the first paint.
  useLayoutEffect(() => store.arrive(), [store]);
  useEffect(() => store.follow(), [store]);
  useEffect(() => {
    let gone = false;
    void loadCustom().then((found) => {
      if (gone) return;
      store.furnish([...builtIn, ...found.panels].map(furnishing));
      setCustom(found);
    });
    return () => {
      gone = true;
    };
  }, [store, builtIn, loadCustom]);
  const value = useMemo(
    () => ({
      store,
      panels: [...builtIn, ...(custom?.panels ?? [])],
      broken: custom?.broken ?? [],
      complete: custom !== null,
    }),
    [store, builtIn, custom],
  );
  return <LayoutContext value={value}>{children}</LayoutContext>;
}

export function useLayoutContext(): LayoutContextValue {
  const value = useContext(LayoutContext);
  if (!value) throw new Error("useLayoutContext needs a LayoutProvider above it");
  return value;
}

export function useLayoutState<T>(selector: (state: LayoutState) => T): T {
  return useStore(useLayoutContext().store, selector);
}

/** Returns the arrangement. It may contain ids of panels that do not exist. */
function useLayout(): PanelLayout {
  const { panels } = useLayoutContext();
  const chosen = useLayoutState((state) => state.chosen);
  return useMemo(() => chosen ?? initialLayout(panels.map(furnishing)), [chosen, panels]);
}

/** Returns the open panels in their order. */
export function useOpenPanels(): readonly OpenPanel[] {
  const { panels } = useLayoutContext();
  const arrangement = useLayout();
  return useMemo(
    () =>
      arrangement.flatMap((placed) => {
        const panel = panels.find(({ id }) => id === placed.id);
        return panel ? [{ panel, placed }] : [];
      }),
    [arrangement, panels],
  );
}

/** Returns the ids in the arrangement for which this site has no panel. */
export function useUnknownPanels(): readonly string[] {
  const { panels, complete } = useLayoutContext();
  const arrangement = useLayout();
  if (!complete) return [];
  return arrangement.map(({ id }) => id).filter((id) => !panels.some((panel) => panel.id === id));
}
