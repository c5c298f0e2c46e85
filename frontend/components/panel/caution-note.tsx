"use client";

import { Popover } from "@base-ui/react/popover";
import type { RefObject } from "react";
import { text } from "@/lib/text/en";
import type { Panel } from "@/panels/panel";
import { dismissal } from "./dismissal";

interface CautionNoteProps {
  panel: Panel;
  anchor: RefObject<HTMLElement | null>;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** What a picture does not prove, beside its title. */
export default function CautionNote({ panel, anchor, open, onOpenChange }: CautionNoteProps) {
  return (
    <Popover.Root open={open} onOpenChange={dismissal(anchor, onOpenChange)}>
      <Popover.Portal>
        <Popover.Positioner
          anchor={anchor}
          side="bottom"
          align="start"
          sideOffset={6}
          className="z-40"
        >
          <Popover.Popup
            finalFocus={anchor}
            className="w-[min(20rem,calc(100vw-2rem))] rounded-lg border border-rule bg-sheet px-4 py-3 shadow-xl outline-none"
          >
            <Popover.Title className="font-medium text-quiet text-xs">
              {text.arrangement.caution.title}
            </Popover.Title>
            <Popover.Description className="mt-1 text-small leading-snug">
              {panel.caution}
            </Popover.Description>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
