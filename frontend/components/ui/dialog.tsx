"use client";

import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";

interface DialogProps {
  title: string;
  closeLabel: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  children: ReactNode;
}

export function Dialog({ title, closeLabel, open, onOpenChange, children }: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-veil" />
        <Base.Popup className="fixed top-1/2 left-1/2 z-50 w-[min(31rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 rounded-xl border border-brim bg-sheet p-5 shadow-2xl">
          <div className="mb-3 flex items-center justify-between">
            <Base.Title className="font-semibold text-base">{title}</Base.Title>
            <Base.Close
              aria-label={closeLabel}
              className="inline-flex size-8 cursor-pointer items-center justify-center rounded-md text-quiet hover:bg-well hover:text-ink"
            >
              <X size={16} aria-hidden />
            </Base.Close>
          </div>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
