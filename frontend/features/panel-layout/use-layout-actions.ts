"use client";

import { useMemo } from "react";
import { ownSize, type Panel } from "@/panels/panel";
import { gridColumns } from "./grid-columns";
import {
  hidden,
  moved,
  opened,
  type PanelLayout,
  type Placed,
  resized,
  type Size,
  shownColumns,
} from "./layout";
import { useLayoutContext } from "./layout-context";
import { words as panelLayoutWords } from "./words";

export interface LayoutActions {
  readonly open: (panel: Panel) => void;
  readonly hide: (panel: Panel) => void;
  /** Moves the panel to this index, which is counted without the moved panel. */
  readonly move: (panel: Panel, place: number) => void;
  readonly resize: (panel: Panel, size: Partial<Size>) => void;
  readonly forget: (ids: readonly string[]) => void;
  readonly reset: () => void;
}

/** Returns the actions on the layout. Each is announced to screen readers. */
export function useLayoutActions(): LayoutActions {
  const { store, panels } = useLayoutContext();
  return useMemo(() => {
    const words = () => panelLayoutWords.said;
    const isKnown = ({ id }: Placed) => panels.some((panel) => panel.id === id);
    // Positions in the announcement do not count panels that this site does not have.
    const change = (
      panel: Panel,
      next: (arrangement: PanelLayout) => PanelLayout,
      say: (place: number, of: number) => string,
    ) => {
      const now = store.arrangement();
      const after = next(now.filter(isKnown));
      const place = after.findIndex(({ id }) => id === panel.id) + 1;
      const unknown = now.filter((placed) => !isKnown(placed));
      store.change(() => [...after, ...unknown], say(place, after.length));
    };
    return {
      open: (panel) =>
        change(
          panel,
          (now) => opened(now, { id: panel.id, ...ownSize(panel) }),
          (place, of) => words().opened(panel.title, place, of),
        ),
      hide: (panel) =>
        change(
          panel,
          (now) => hidden(now, panel.id),
          () => words().hidden(panel.title),
        ),
      move: (panel, to) =>
        change(
          panel,
          (now) => moved(now, panel.id, to),
          (place, of) => words().moved(panel.title, place, of),
        ),
      resize: (panel, size) => {
        const after = resized(store.arrangement(), panel.id, size);
        const now = after.find(({ id }) => id === panel.id);
        if (!now) return;
        const grid = gridColumns();
        const wide = shownColumns(now.columns, grid);
        store.change(() => after, words().resized(panel.title, wide, grid, now.rows));
      },
      forget: (ids) => store.change((now) => now.filter(({ id }) => !ids.includes(id)), ""),
      reset: () => store.reset(words().reset),
    };
  }, [store, panels]);
}
