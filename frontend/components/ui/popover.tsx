"use client";

import { Popover as Base } from "@base-ui/react/popover";
import type { ReactNode } from "react";
import type { PopupProps } from "./lazy-popup";

interface PopoverProps extends PopupProps {
  title: string;
  children: ReactNode;
}

/** A note below its button, for `LazyPopup`. */
export function Popover({ button, title, children }: PopoverProps) {
  return (
    <Base.Root defaultOpen>
      <Base.Trigger render={button} />
      <Base.Portal>
        <Base.Positioner
          align="start"
          sideOffset={6}
          collisionPadding={8}
          className="z-40 print:hidden"
        >
          <Base.Popup className="w-80 max-w-(--available-width) rounded-lg border border-brim bg-sheet px-4 py-3 shadow-xl outline-none">
            <Base.Title className="font-medium text-quiet text-xs">{title}</Base.Title>
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export const PopoverText = Base.Description;
