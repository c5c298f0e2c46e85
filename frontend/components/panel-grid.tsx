"use client";

import { currentStep } from "@/lib/run/run-store";
import { OPEN_PANELS } from "@/panels/registry";
import { PanelFrame } from "./panel-frame";
import { useRunContext, useRunState } from "./run-context";

/** All panels at the same moment, as one sheet ruled by hairlines. */
export function PanelGrid() {
  const { store } = useRunContext();
  const run = useRunState((state) => state.run);
  const step = useRunState(currentStep);
  const live = useRunState(({ selected }) => selected === null);
  return (
    <div className="grid flex-1 auto-rows-auto grid-cols-1 grid-rows-[auto] gap-px bg-rule md:grid-cols-2 min-[88rem]:grid-cols-[minmax(23.5rem,1.3fr)_1fr_1fr_1fr] min-[88rem]:grid-rows-[auto_1fr]">
      {OPEN_PANELS.map((panel) => (
        <PanelFrame
          key={panel.id}
          panel={panel}
          run={run}
          step={step}
          frame={run.frames[step]}
          live={live}
          select={store.select}
        />
      ))}
    </div>
  );
}
