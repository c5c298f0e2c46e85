"use client";

import {
  ArrowDown,
  ArrowUp,
  EyeOff,
  FoldHorizontal,
  FoldVertical,
  UnfoldHorizontal,
  UnfoldVertical,
} from "lucide-react";
import { type ComponentType, type RefObject, useEffect, useRef } from "react";
import { gridColumns } from "@/components/arrangement/grid-columns";
import { type Arrange, useArrange } from "@/components/arrangement/use-arrange";
import { useRunContext } from "@/components/run-context";
import { itemsIn, walkMenu } from "@/components/ui/menu-keys";
import { MAX_ROWS, nextColumns, type Placed } from "@/lib/arrangement/arrangement";
import { currentStep } from "@/lib/run/run-store";
import { text } from "@/lib/text";
import type { Panel } from "@/panels/panel";
import { PANEL_ACTIONS, type ShownPanel } from "@/panels/panel-actions";
import { focusPanelAt } from "./focus-panel";

interface PanelMenuProps {
  panel: Panel;
  placed: Placed;
  place: number;
  of: number;
  element: RefObject<HTMLElement | null>;
  close: () => void;
}

interface Item {
  readonly label: string;
  readonly Icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
  readonly disabled: boolean;
  readonly act: () => void;
}

/** Everything that can be done with a panel, arranging first. */
export default function PanelMenu(props: PanelMenuProps) {
  const menu = useRef<HTMLDivElement>(null);
  const arrange = useArrange();
  const shown = useShownPanel(props);
  const actions = shown
    ? PANEL_ACTIONS.filter(({ applies }) => applies?.(shown) ?? true).map(
        ({ label, Icon, act }): Item => ({
          label,
          Icon,
          disabled: false,
          act: () => void act(shown),
        }),
      )
    : [];
  const groups = [placing(props, arrange), sizing(props, arrange), actions, hiding(props, arrange)];
  useEffect(() => {
    menu.current?.scrollIntoView?.({ block: "nearest" });
    itemsIn(menu.current)[0]?.focus();
  }, []);
  return (
    <div
      ref={menu}
      data-popup
      role="menu"
      aria-label={text.arrangement.menu.open(props.panel.title)}
      tabIndex={-1}
      onKeyDown={walkMenu}
      className="absolute top-10 right-3 z-30 min-w-44 scroll-mb-3 cursor-default rounded-lg border border-brim bg-sheet py-1 shadow-xl outline-none"
    >
      {groups
        .filter(({ length }) => length > 0)
        .map((items, group) => (
          <div
            key={items[0]?.label}
            role="group"
            className={group > 0 ? "mt-1 border-rule border-t pt-1" : undefined}
          >
            {items.map((item) => (
              <MenuItem key={item.label} {...item} close={props.close} />
            ))}
          </div>
        ))}
    </div>
  );
}

function MenuItem({ label, Icon, disabled, act, close }: Item & { close: () => void }) {
  const choose = () => {
    if (disabled) return;
    close();
    act();
  };
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      aria-disabled={disabled || undefined}
      onClick={choose}
      onPointerEnter={({ currentTarget }) => currentTarget.focus({ preventScroll: true })}
      className="mx-1 flex h-8 w-[calc(100%-0.5rem)] cursor-pointer items-center gap-2.5 rounded px-2 text-small outline-none focus:bg-well aria-disabled:cursor-default aria-disabled:text-quiet aria-disabled:opacity-60"
    >
      <Icon size={14} aria-hidden />
      {label}
    </button>
  );
}

function useShownPanel({ panel, element }: PanelMenuProps): ShownPanel | null {
  const { store } = useRunContext();
  const state = store.getState();
  return element.current
    ? { panel, run: state.run, step: currentStep(state), element: element.current }
    : null;
}

function placing({ panel, place, of }: PanelMenuProps, { move }: Arrange): Item[] {
  const words = text.arrangement.menu;
  return [
    {
      label: words.earlier,
      Icon: ArrowUp,
      disabled: place === 0,
      act: () => move(panel, place - 1),
    },
    {
      label: words.later,
      Icon: ArrowDown,
      disabled: place === of - 1,
      act: () => move(panel, place + 1),
    },
  ];
}

/** Where the grid has one column there is nothing to size. */
function sizing({ panel, placed }: PanelMenuProps, { resize }: Arrange): Item[] {
  const words = text.arrangement.menu;
  const { columns, rows } = placed;
  const grid = gridColumns();
  if (grid < 2) return [];
  const width = (label: string, direction: 1 | -1, Icon: Item["Icon"]): Item => {
    const next = nextColumns(columns, direction, grid);
    return {
      label,
      Icon,
      disabled: next === columns,
      act: () => resize(panel, { columns: next }),
    };
  };
  const height = (label: string, next: number, Icon: Item["Icon"]): Item => ({
    label,
    Icon,
    disabled: next < 1 || next > MAX_ROWS,
    act: () => resize(panel, { rows: next }),
  });
  return [
    width(words.wider, 1, UnfoldHorizontal),
    width(words.narrower, -1, FoldHorizontal),
    height(words.taller, rows + 1, UnfoldVertical),
    height(words.shorter, rows - 1, FoldVertical),
  ];
}

function hiding({ panel, place }: PanelMenuProps, { hide }: Arrange): Item[] {
  return [
    {
      label: text.arrangement.menu.hide,
      Icon: EyeOff,
      disabled: false,
      act: () => {
        hide(panel);
        focusPanelAt(place);
      },
    },
  ];
}
