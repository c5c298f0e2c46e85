"use client";

import { Info } from "lucide-react";
import { useId } from "react";
import { usePopup } from "@/components/ui/use-popup";
import { text } from "@/lib/text";
import type { Panel } from "@/panels/panel";
import { ICON_BUTTON } from "./icon-button";

/** What a picture does not prove, behind a button beside its title. */
export function CautionNote({ panel }: { panel: Panel }) {
  const words = text.arrangement.caution;
  const { open, toggle, button, wrapper } = usePopup();
  const noteId = useId();
  return (
    <div {...wrapper} className="flex">
      <button
        ref={button}
        type="button"
        aria-label={words.open(panel.title)}
        aria-expanded={open}
        aria-controls={open ? noteId : undefined}
        title={words.title}
        onClick={toggle}
        className={`${ICON_BUTTON} size-5`}
      >
        <Info size={13} aria-hidden />
      </button>
      {open && (
        <div
          id={noteId}
          data-popup
          role="note"
          className="absolute top-11 left-5 z-30 w-80 max-w-[calc(100%-2.5rem)] cursor-default rounded-lg border border-brim bg-sheet px-4 py-3 shadow-xl"
        >
          <p className="font-medium text-quiet text-xs">{words.title}</p>
          <p className="mt-1 text-small leading-snug">{panel.caution}</p>
        </div>
      )}
    </div>
  );
}
