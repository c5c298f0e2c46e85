"use client";

import { Ellipsis, GripVertical } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, type RefObject, useId } from "react";
import { classNames } from "@/components/ui/class-names";
import { LazyPopup } from "@/components/ui/lazy-popup";
import { useRunState } from "@/lib/run/run-context";
import type { RunRecord } from "@/lib/run/run-record";
import type { Panel } from "@/panels/panel";
import { CautionNote } from "./caution-note";
import { focusPanelAt } from "./focus-panel";
import { gridColumns } from "./grid-columns";
import { ICON_BUTTON } from "./icon-button";
import { MAX_COLUMNS, nextColumns, type Placed } from "./layout";
import { HowToRead } from "./panel-intro";
import { type LayoutActions, useLayoutActions } from "./use-layout-actions";
import { words } from "./words";

const loadMenu = () => import("./panel-menu");

export interface PanelHeaderProps {
  panel: Panel;
  placed: Placed;
  place: number;
  of: number;
  titleId: string;
  element: RefObject<HTMLElement | null>;
  onPointerDown: (event: PointerEvent<HTMLElement>) => void;
}

/**
 * Title, how to read the panel and, where the page measures, its unit and hook point. The panel can
 * be dragged by its header.
 */
export function PanelHeader(props: PanelHeaderProps) {
  const { panel, placed, titleId } = props;
  const unit = useRunState(({ run }) => unitOf(panel, run));
  const isBeside = besideTitle(props);
  return (
    <header
      className={classNames(
        "mb-3 md:cursor-grab",
        // Beside the title, where height is scarce and the panel has the whole width.
        isBeside &&
          "short:mb-1.5 short:flex short:items-baseline short:gap-x-2 short:measure:block",
      )}
      onPointerDown={props.onPointerDown}
    >
      <Grip {...props} />
      <div
        className={classNames(
          "flex flex-wrap items-baseline justify-between gap-x-2",
          placed.columns === 1 && "four-narrow:flex-col",
        )}
      >
        <div className="flex items-center gap-0.5">
          <h2
            id={titleId}
            className={classNames(
              "font-semibold text-[0.9375rem] tracking-[-0.01em]",
              isBeside && "short:whitespace-nowrap",
            )}
          >
            {panel.title}
          </h2>
          {panel.caution && <CautionNote panel={panel} />}
        </div>
        <p
          className={classNames(
            // Leaves room for the menu button.
            "hidden pr-6 text-micro text-quiet measure:block",
            placed.columns === 1 && "four-narrow:pr-0",
          )}
        >
          {unit}
          <span aria-hidden> · </span>
          <span className="sr-only">{words.hookPoint}</span> {panel.hookPoint}
        </p>
      </div>
      <HowToRead
        panel={panel}
        className={classNames(
          "mt-0.5",
          isBeside && "short:max-w-none short:pr-7",
          placed.columns === 1 && "four-narrow:min-h-[3.6rem]",
        )}
      />
      <MenuButton {...props} />
    </header>
  );
}

/** Whether the description is shown beside the title in low windows. */
const besideTitle = ({ panel, placed }: PanelHeaderProps): boolean =>
  panel.wide === true && placed.columns === MAX_COLUMNS;

const unitOf = ({ unit }: Panel, run: RunRecord) => (typeof unit === "string" ? unit : unit(run));

function MenuButton(props: PanelHeaderProps) {
  return (
    <LazyPopup
      {...props}
      kind="menu"
      load={loadMenu}
      button={
        <button
          type="button"
          data-panel-menu
          aria-label={words.menu.open(props.panel.title)}
          className={classNames(
            ICON_BUTTON,
            besideTitle(props) && "short:top-3",
            "absolute top-4 right-4 h-6 w-6 print:hidden four-narrow:right-3",
          )}
        >
          <Ellipsis size={15} aria-hidden />
        </button>
      }
    />
  );
}

/** A button for the keyboard: its keys move, resize and hide the panel. */
function Grip({ panel, placed, place, element }: PanelHeaderProps) {
  const arrange = useLayoutActions();
  const help = useId();
  const onKeyDown = (event: KeyboardEvent<HTMLButtonElement>) => {
    const act = keyAction(event, panel, placed, place, arrange);
    if (!act) return;
    event.preventDefault();
    act();
    // Moving the element removes its focus. If the panel was hidden, its neighbour gets the focus.
    const grip = event.currentTarget;
    requestAnimationFrame(() => (grip.isConnected ? grip.focus() : focusPanelAt(place)));
  };
  const openMenu = () =>
    element.current?.querySelector<HTMLButtonElement>("[data-panel-menu]")?.click();
  return (
    <>
      <button
        type="button"
        data-grip
        aria-label={words.grip(panel.title)}
        aria-describedby={help}
        onKeyDown={onKeyDown}
        onClick={openMenu}
        className="absolute top-[1.125rem] left-0.5 flex h-5 w-4 cursor-grab touch-none items-center justify-center rounded text-quiet opacity-0 print:hidden focus-visible:opacity-100 group-hover/panel:opacity-100 pointer-coarse:opacity-100"
      >
        <GripVertical size={13} aria-hidden />
      </button>
      <span id={help} hidden>
        {words.gripHelp}
      </span>
    </>
  );
}

function keyAction(
  { key, shiftKey }: KeyboardEvent,
  panel: Panel,
  { columns, rows }: Placed,
  place: number,
  { move, resize, hide }: LayoutActions,
): (() => void) | null {
  const wider = (direction: 1 | -1) => () =>
    resize(panel, { columns: nextColumns(columns, direction, gridColumns()) });
  const actions: Record<string, () => void> = shiftKey
    ? {
        ArrowRight: wider(1),
        ArrowLeft: wider(-1),
        ArrowDown: () => resize(panel, { rows: rows + 1 }),
        ArrowUp: () => resize(panel, { rows: rows - 1 }),
      }
    : {
        ArrowRight: () => move(panel, place + 1),
        ArrowDown: () => move(panel, place + 1),
        ArrowLeft: () => move(panel, place - 1),
        ArrowUp: () => move(panel, place - 1),
        Home: () => move(panel, 0),
        End: () => move(panel, Number.POSITIVE_INFINITY),
        Delete: () => hide(panel),
      };
  return actions[key] ?? null;
}
