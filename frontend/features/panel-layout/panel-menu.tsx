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
import type { ComponentType, RefObject } from "react";
import { classNames } from "@/components/ui/class-names";
import type { PopupProps } from "@/components/ui/lazy-popup";
import { Menu, MenuGroup, MenuItem, MenuList } from "@/components/ui/menu";
import { useRunContext } from "@/lib/run/run-context";
import { currentStep } from "@/lib/run/run-store";
import type { Panel } from "@/panels/panel";
import { focusPanelAt } from "./focus-panel";
import { gridColumns } from "./grid-columns";
import { MAX_ROWS, nextColumns, type Placed } from "./layout";
import type { ShownPanel } from "./panel-action";
import { PANEL_ACTIONS } from "./panel-actions";
import { type LayoutActions, useLayoutActions } from "./use-layout-actions";
import { words as panelLayoutWords } from "./words";

interface PanelMenuProps extends PopupProps {
  panel: Panel;
  placed: Placed;
  place: number;
  of: number;
  element: RefObject<HTMLElement | null>;
}

interface Item {
  readonly label: string;
  readonly Icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
  readonly disabled: boolean;
  readonly act: () => void;
}

/** The menu of a panel: layout, then export. */
export default function PanelMenu(props: PanelMenuProps) {
  return (
    <Menu button={props.button} className="min-w-44 rounded-lg py-1">
      <Items {...props} />
    </Menu>
  );
}

function Items(props: PanelMenuProps) {
  const arrange = useLayoutActions();
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
  return (
    <MenuList label={panelLayoutWords.menu.open(props.panel.title)}>
      {groups
        .filter(({ length }) => length > 0)
        .map((items, group) => (
          <MenuGroup
            key={items[0]?.label}
            className={classNames("px-1", group > 0 && "mt-1 border-rule border-t pt-1")}
          >
            {items.map(({ label, Icon, disabled, act }) => (
              <MenuItem
                key={label}
                disabled={disabled}
                onClick={act}
                className="flex h-7.5 items-center gap-2.5 rounded px-2 text-small"
              >
                <Icon size={14} aria-hidden />
                {label}
              </MenuItem>
            ))}
          </MenuGroup>
        ))}
    </MenuList>
  );
}

function useShownPanel({ panel, element }: PanelMenuProps): ShownPanel | null {
  const { store } = useRunContext();
  const state = store.getState();
  return element.current
    ? { panel, run: state.run, step: currentStep(state), element: element.current }
    : null;
}

function placing({ panel, place, of }: PanelMenuProps, { move }: LayoutActions): Item[] {
  const words = panelLayoutWords.menu;
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

/** In a grid of one column panels cannot be resized. */
function sizing({ panel, placed }: PanelMenuProps, { resize }: LayoutActions): Item[] {
  const words = panelLayoutWords.menu;
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

function hiding({ panel, place }: PanelMenuProps, { hide }: LayoutActions): Item[] {
  return [
    {
      label: panelLayoutWords.menu.hide,
      Icon: EyeOff,
      disabled: false,
      act: () => {
        hide(panel);
        focusPanelAt(place);
      },
    },
  ];
}
