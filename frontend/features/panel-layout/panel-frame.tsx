"use client";

import { type CSSProperties, useId, useRef } from "react";
import { classNames } from "@/components/ui/class-names";
import type { ModelInfo } from "@/lib/contract";
import type { Panel } from "@/panels/panel";
import { COLUMN_CLASSES, ROW_CLASSES } from "./grid-columns";
import type { Placed } from "./layout";
import { PanelBody } from "./panel-body";
import { PanelHeader } from "./panel-header";
import { usePanelDrag } from "./use-panel-drag";
import { usePanelResize } from "./use-panel-resize";

export interface PanelFrameProps {
  panel: Panel;
  placed: Placed;
  /** Index among the open panels. */
  place: number;
  of: number;
  model: ModelInfo | undefined;
}

/** A panel with its header and controls. The height of its body does not depend on its data. */
export function PanelFrame({ panel, placed, place, of, model }: PanelFrameProps) {
  const titleId = useId();
  const element = useRef<HTMLElement>(null);
  const drag = usePanelDrag(panel, element);
  const resize = usePanelResize(panel, placed, element);
  return (
    <section
      ref={element}
      aria-labelledby={titleId}
      data-panel={panel.id}
      style={{ "--rows": placed.rows } as CSSProperties}
      // The border is a shadow in the grid's gap, so that an empty grid cell has no grey
      // background.
      className={classNames(
        "group/panel relative flex min-w-0 flex-col bg-sheet px-5 pt-4 pb-4 shadow-[0_0_0_1px_var(--rule)] four-narrow:px-4",
        panel.wide && "short:pt-3 short:pb-2",
        COLUMN_CLASSES[placed.columns],
        ROW_CLASSES[placed.rows],
        "data-dragged:opacity-50",
      )}
    >
      <PanelHeader
        panel={panel}
        placed={placed}
        place={place}
        of={of}
        titleId={titleId}
        element={element}
        onPointerDown={drag}
      />
      <div
        data-panel-body
        className={classNames(
          "relative min-w-0",
          panel.wide
            ? "[--low:19rem] sm:[--low:14rem] lg:[--low:10rem] min-[106rem]:[--low:12rem] short:[--low:max(8.25rem/var(--rows),clamp(6.25rem,(100dvh-22.5rem)/4,10rem))] present:[--low:6.25rem]!"
            : "[--low:19rem]",
          // In one column, each further row adds half of the height.
          "min-h-[calc(var(--low)*(1+(var(--rows)-1)/2))] flex-1 basis-0 md:min-h-[calc(var(--low)*var(--rows))]",
        )}
      >
        <PanelBody panel={panel} model={model} />
      </div>
      <div
        aria-hidden
        data-corner
        onPointerDown={resize}
        className="corner absolute right-0 bottom-0 hidden size-5 cursor-nwse-resize touch-none opacity-0 transition-opacity group-hover/panel:opacity-100 md:block"
      />
    </section>
  );
}
