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
import type { Arrangement, Placed } from "@/lib/arrangement/arrangement";
import {
  type ArrangementState,
  type ArrangementStore,
  createArrangementStore,
  type Furnishing,
  initialArrangement,
} from "@/lib/arrangement/arrangement-store";
import { type CustomPanels, loadCustomPanels } from "@/panels/custom-panels";
import { ownSize, type Panel } from "@/panels/panel";
import { PANELS } from "@/panels/registry";

interface ArrangementContextValue extends CustomPanels {
  readonly store: ArrangementStore;
  /** All panels that can be opened, the site's own and its owner's. */
  readonly panels: readonly Panel[];
  /** Whether the owner's panels have been looked for. */
  readonly complete: boolean;
}

/** A panel that stands on the page. */
export interface OpenPanel {
  readonly panel: Panel;
  readonly placed: Placed;
}

const ArrangementContext = createContext<ArrangementContextValue | null>(null);

const furnishing = (panel: Panel): Furnishing => ({
  id: panel.id,
  ...ownSize(panel),
  open: panel.open === true,
});

interface ArrangementProviderProps {
  panels?: readonly Panel[];
  loadCustom?: () => Promise<CustomPanels>;
  children: ReactNode;
}

export function ArrangementProvider({
  panels: builtIn = PANELS,
  loadCustom = loadCustomPanels,
  children,
}: ArrangementProviderProps) {
  const [store] = useState(() => createArrangementStore(builtIn.map(furnishing)));
  const [custom, setCustom] = useState<CustomPanels | null>(null);
  // Before the browser paints: the arrangement that is kept should not be seen to come.
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
  return <ArrangementContext value={value}>{children}</ArrangementContext>;
}

export function useArrangementContext(): ArrangementContextValue {
  const value = useContext(ArrangementContext);
  if (!value) throw new Error("useArrangementContext needs an ArrangementProvider above it");
  return value;
}

export function useArrangementState<T>(selector: (state: ArrangementState) => T): T {
  return useStore(useArrangementContext().store, selector);
}

/** What the arrangement names, whether or not there is such a panel. */
function useArrangement(): Arrangement {
  const { panels } = useArrangementContext();
  const chosen = useArrangementState((state) => state.chosen);
  return useMemo(() => chosen ?? initialArrangement(panels.map(furnishing)), [chosen, panels]);
}

/** The panels on the page, in their order. */
export function useOpenPanels(): readonly OpenPanel[] {
  const { panels } = useArrangementContext();
  const arrangement = useArrangement();
  return useMemo(
    () =>
      arrangement.flatMap((placed) => {
        const panel = panels.find(({ id }) => id === placed.id);
        return panel ? [{ panel, placed }] : [];
      }),
    [arrangement, panels],
  );
}

/** The ids of a link that no panel of this site has. */
export function useUnknownPanels(): readonly string[] {
  const { panels, complete } = useArrangementContext();
  const arrangement = useArrangement();
  if (!complete) return [];
  return arrangement.map(({ id }) => id).filter((id) => !panels.some((panel) => panel.id === id));
}
