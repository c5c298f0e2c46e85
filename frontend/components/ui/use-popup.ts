"use client";

import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from "react";

interface Popup {
  readonly open: boolean;
  readonly toggle: () => void;
  /** Close it and give the focus back to its button. */
  readonly close: () => void;
  readonly button: RefObject<HTMLButtonElement | null>;
  /** For the element around button and popup. */
  readonly wrapper: {
    readonly ref: RefObject<HTMLDivElement | null>;
    readonly onKeyDown: (event: KeyboardEvent) => void;
  };
}

/** What stands open beside its button until Escape, or until a press or the focus goes elsewhere. */
export function usePopup(): Popup {
  const [open, setOpen] = useState(false);
  const ref = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const closeElsewhere = ({ target }: Event) => {
      if (target instanceof Node && !ref.current?.contains(target)) setOpen(false);
    };
    document.addEventListener("pointerdown", closeElsewhere);
    document.addEventListener("focusin", closeElsewhere);
    return () => {
      document.removeEventListener("pointerdown", closeElsewhere);
      document.removeEventListener("focusin", closeElsewhere);
    };
  }, [open]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
    // What was chosen may move the button in the document, which takes the focus from it.
    requestAnimationFrame(
      () => document.activeElement === document.body && button.current?.focus(),
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open || event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  return { open, toggle: () => setOpen(!open), close, button, wrapper: { ref, onKeyDown } };
}
