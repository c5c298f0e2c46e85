"use client";

import { currentStep } from "@/lib/run/run-store";
import { PANELS } from "@/panels/registry";
import { PanelFrame } from "./panel-frame";
import { useRunContext, useRunState } from "./run-context";

/** All panels at the same moment, as one sheet ruled by hairlines. */
export function PanelGrid() {
  const { store } = useRunContext();
  const run = useRunState((state) => state.run);
  const step = useRunState(currentStep);
  const live = useRunState(({ selected }) => selected === null);
  return (
    <div className="grid grid-cols-1 gap-px bg-rule md:grid-cols-2 min-[1700px]:grid-cols-4">
      {PANELS.map((panel) => (
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
