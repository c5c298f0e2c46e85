"use client";

import { LayoutGrid } from "lucide-react";
import { memo } from "react";
import { Button } from "@/components/ui/button";
import { classNames } from "@/components/ui/class-names";
import type { ModelInfo } from "@/lib/contract";
import { ModelContext } from "@/panels/model-context";
import { GRID_CLASSES } from "./grid-columns";
import { useLayoutState, useOpenPanels, useUnknownPanels } from "./layout-context";
import { PanelFrame } from "./panel-frame";
import { useLayoutActions } from "./use-layout-actions";
import { words } from "./words";

interface PanelGridProps {
  /** The model that a run would use now. */
  model: ModelInfo | undefined;
  onPanels: () => void;
}

/** All open panels, at the same step. Memoised, so that typing in the form does not render it. */
export const PanelGrid = memo(function PanelGrid({ model, onPanels }: PanelGridProps) {
  const open = useOpenPanels();
  const said = useLayoutState((state) => state.said);
  const first = open[0];
  // A first row of height 1 does not grow when the window is taller than the panels.
  const lowFirst = first?.panel.wide && first.placed.columns === 4 && first.placed.rows === 1;
  return (
    <ModelContext value={model}>
      <UnknownPanels />
      {open.length === 0 ? (
        <NoPanels onPanels={onPanels} />
      ) : (
        <div
          data-panel-grid
          className={classNames(
            "grid flex-1 auto-rows-auto grid-rows-[auto] gap-px bg-paper",
            GRID_CLASSES,
            lowFirst && "min-[88rem]:grid-rows-[auto_1fr]",
          )}
        >
          {open.map(({ panel, placed }, place) => (
            <PanelFrame
              key={panel.id}
              panel={panel}
              placed={placed}
              place={place}
              of={open.length}
              model={model}
            />
          ))}
        </div>
      )}
      <p role="status" className="sr-only">
        {said}
      </p>
    </ModelContext>
  );
});

export function NoPanels({ onPanels }: { onPanels: () => void }) {
  const { reset } = useLayoutActions();
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-1 bg-sheet px-5 py-16 text-center">
      <p className="font-serif text-[1.3125rem]">{words.none.title}</p>
      <p className="text-quiet">{words.none.detail}</p>
      <div className="mt-4 flex flex-wrap justify-center gap-2">
        <Button variant="primary" onClick={onPanels}>
          <LayoutGrid size={14} aria-hidden />
          {words.open}
        </Button>
        <Button onClick={reset}>{words.drawer.reset}</Button>
      </div>
    </div>
  );
}

function UnknownPanels() {
  const unknown = useUnknownPanels();
  const { forget } = useLayoutActions();
  if (unknown.length === 0) return null;
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 bg-well px-5 py-2.5">
      <p className="text-small">{words.unknown(unknown.join(", "))}</p>
      <Button className="h-7 px-2 text-xs" onClick={() => forget(unknown)}>
        {words.dismiss}
      </Button>
    </div>
  );
}
