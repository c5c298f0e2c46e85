"use client";

import {
  type ComponentProps,
  type ComponentType,
  cloneElement,
  type KeyboardEvent,
  type ReactElement,
  useState,
} from "react";

/** Renders the button as the trigger of its popup, which is open at first. */
export interface PopupProps {
  readonly button: ReactElement<ComponentProps<"button">>;
}

type LazyPopupProps<P extends PopupProps> = P & {
  kind: "menu" | "dialog";
  load: () => Promise<{ default: ComponentType<P> }>;
};

/**
 * A button whose popup is not part of the first load. The popup's code is loaded when the button is
 * hovered or focused. When it is first pressed, the popup's own trigger replaces the button.
 */
export function LazyPopup<P extends PopupProps>({ kind, load, ...props }: LazyPopupProps<P>) {
  const [Popup, setPopup] = useState<ComponentType<P> | null>(null);
  const popupProps = props as unknown as P;
  if (Popup) return <Popup {...popupProps} />;
  // If loading fails, the popup stays closed; the next press tries again.
  const preload = () => load().catch(() => null);
  return cloneElement(popupProps.button, {
    "aria-haspopup": kind,
    "aria-expanded": false,
    onPointerEnter: preload,
    onFocus: preload,
    onClick: async () => {
      const loaded = await preload();
      if (loaded) setPopup(() => loaded.default);
    },
    onKeyDown(event: KeyboardEvent<HTMLElement>) {
      if (kind !== "menu" || !/^Arrow(Down|Up)$/.test(event.key)) return;
      event.preventDefault();
      event.currentTarget.click();
    },
  });
}
