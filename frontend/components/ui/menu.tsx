"use client";

import { Menu as Base } from "@base-ui/react/menu";
import type { ComponentProps, ReactNode } from "react";
import { classNames } from "./class-names";
import type { PopupProps } from "./lazy-popup";

interface MenuProps extends PopupProps {
  className: string;
  children: ReactNode;
}

/** A menu below its button, for `LazyPopup`. */
export function Menu({ button, className, children }: MenuProps) {
  return (
    <Base.Root defaultOpen modal={false}>
      <Base.Trigger render={button} />
      {/* Within a landmark, for screen readers; out of its layout. */}
      <Base.Portal container={document.querySelector("main") ?? undefined} className="absolute">
        <Base.Positioner
          data-popup
          align="end"
          sideOffset={6}
          collisionPadding={8}
          className="z-40 print:hidden"
        >
          <Base.Popup
            className={classNames(
              "scroll-thin max-h-(--available-height) overflow-y-auto border border-brim bg-sheet shadow-xl outline-none",
              className,
            )}
          >
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function MenuList({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Base.List ref={focusFirst} aria-label={label} className="outline-none">
      {children}
    </Base.List>
  );
}

/** Focuses the first item, also when the pointer opened the menu: Base UI focuses the list then. */
function focusFirst(list: HTMLElement | null): void {
  requestAnimationFrame(() =>
    list
      ?.querySelector<HTMLElement>("[role=menuitem]:not([data-disabled])")
      ?.focus({ preventScroll: true }),
  );
}

interface MenuItemProps extends Omit<ComponentProps<typeof Base.Item>, "className"> {
  className: string;
}

export function MenuItem({ className, ...rest }: MenuItemProps) {
  return (
    <Base.Item
      className={classNames(
        "cursor-pointer -outline-offset-2 data-disabled:cursor-default data-highlighted:bg-well data-disabled:opacity-60",
        className,
      )}
      {...rest}
    />
  );
}

export const MenuGroup = Base.Group;
export const MenuSeparator = Base.Separator;
