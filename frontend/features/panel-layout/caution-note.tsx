"use client";

import { Info } from "lucide-react";
import { LazyPopup } from "@/components/ui/lazy-popup";
import type { Panel } from "@/panels/panel";
import { ICON_BUTTON } from "./icon-button";
import { words } from "./words";

const load = () => import("./caution-popover");

/** A button that opens a note about what the panel does not prove. */
export function CautionNote({ panel }: { panel: Panel }) {
  return (
    <LazyPopup
      kind="dialog"
      load={load}
      panel={panel}
      button={
        <button
          type="button"
          aria-label={words.caution.open(panel.title)}
          title={words.caution.title}
          className={`${ICON_BUTTON} size-5`}
        >
          <Info size={13} aria-hidden />
        </button>
      }
    />
  );
}
