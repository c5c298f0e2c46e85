"use client";

import { useMemo } from "react";
import {
  type Arrangement,
  hidden,
  moved,
  opened,
  type Placed,
  resized,
  type Size,
  shownColumns,
} from "@/lib/arrangement/arrangement";
import { text } from "@/lib/text";
import { ownSize, type Panel } from "@/panels/panel";
import { useArrangementContext } from "./arrangement-context";
import { gridColumns } from "./grid-columns";

export interface Arrange {
  readonly open: (panel: Panel) => void;
  readonly hide: (panel: Panel) => void;
  /** To a place among the open panels, counted from 0 without the one that moves. */
  readonly move: (panel: Panel, place: number) => void;
  readonly resize: (panel: Panel, size: Partial<Size>) => void;
  readonly forget: (ids: readonly string[]) => void;
  readonly reset: () => void;
}

/** What can be done to the arrangement; each change is said in words, too. */
export function useArrange(): Arrange {
  const { store, panels } = useArrangementContext();
  return useMemo(() => {
    const words = () => text.arrangement.said;
    const isKnown = ({ id }: Placed) => panels.some((panel) => panel.id === id);
    // Of panels that this site does not have, or not yet, nobody sees where they stand.
    const change = (
      panel: Panel,
      next: (arrangement: Arrangement) => Arrangement,
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
