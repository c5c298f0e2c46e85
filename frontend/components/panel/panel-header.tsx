"use client";

import { Ellipsis, GripVertical } from "lucide-react";
import {
  type KeyboardEvent,
  lazy,
  type PointerEvent,
  type RefObject,
  Suspense,
  useId,
} from "react";
import { gridColumns } from "@/components/arrangement/grid-columns";
import { type Arrange, useArrange } from "@/components/arrangement/use-arrange";
import { useFork } from "@/components/fork-context";
import { useRunState } from "@/components/run-context";
import { classNames } from "@/components/ui/class-names";
import { usePopup } from "@/components/ui/use-popup";
import { nextColumns, type Placed } from "@/lib/arrangement/arrangement";
import type { RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import type { Panel } from "@/panels/panel";
import { CautionNote } from "./caution-note";
import { focusPanelAt } from "./focus-panel";
import { ICON_BUTTON } from "./icon-button";

const PanelMenu = lazy(() => import("./panel-menu"));

export interface PanelHeaderProps {
  panel: Panel;
  placed: Placed;
  place: number;
  of: number;
  titleId: string;
  element: RefObject<HTMLElement | null>;
  onPointerDown: (event: PointerEvent<HTMLElement>) => void;
}

/** Title, unit, what it reads and how to read it; held by it, the panel can be moved. */
export function PanelHeader(props: PanelHeaderProps) {
  const { panel, placed, titleId } = props;
  const unit = useRunState(({ run }) => unitOf(panel, run));
  const fork = useFork();
  return (
    <header className="mb-3 md:cursor-grab" onPointerDown={props.onPointerDown}>
      <Grip {...props} />
      <div
        className={classNames(
          "flex flex-wrap items-baseline justify-between gap-x-2",
          placed.columns === 1 && "four-narrow:flex-col",
        )}
      >
        <div className="flex items-center gap-0.5">
          <h2 id={titleId} className="font-semibold text-[0.9375rem] tracking-[-0.01em]">
            {panel.title}
          </h2>
          {panel.caution && <CautionNote panel={panel} />}
        </div>
        <p
          className={classNames(
            // Beside it stands the button of the menu.
            "pr-6 text-micro text-quiet",
            placed.columns === 1 && "four-narrow:pr-0",
          )}
        >
          {unit}
          <span aria-hidden> · </span>
          <span className="sr-only">{text.panels.hookPoint}</span> {panel.hookPoint}
        </p>
      </div>
      <p
        className={classNames(
          "mt-0.5 max-w-[90ch] text-quiet text-small",
          placed.columns === 1 && "four-narrow:min-h-[3.6rem]",
        )}
      >
        {panel.howToRead}
        {fork && panel.howToFork && ` ${panel.howToFork}`}
      </p>
      <MenuButton {...props} />
    </header>
  );
}

const unitOf = ({ unit }: Panel, run: RunRecord) => (typeof unit === "string" ? unit : unit(run));

/** The button is there at once, what it opens is loaded when it is first opened. */
function MenuButton(props: PanelHeaderProps) {
  const { open, toggle, close, button, wrapper } = usePopup();
  return (
    <div {...wrapper} className="print:hidden">
      <button
        ref={button}
        type="button"
        data-panel-menu
        aria-label={text.arrangement.menu.open(props.panel.title)}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={toggle}
        className={classNames(ICON_BUTTON, "absolute top-4 right-4 h-6 w-6 four-narrow:right-3")}
      >
        <Ellipsis size={15} aria-hidden />
      </button>
      {open && (
        <Suspense>
          <PanelMenu {...props} close={close} />
        </Suspense>
      )}
    </div>
  );
}

/** Where the keyboard holds the panel. */
function Grip({ panel, placed, place, element }: PanelHeaderProps) {
  const arrange = useArrange();
  const help = useId();
  const onKeyDown = (event: KeyboardEvent<HTMLButtonElement>) => {
    const act = keyAction(event, panel, placed, place, arrange);
    if (!act) return;
    event.preventDefault();
    act();
    // Moving it in the document takes the focus from it; hidden, it hands it to its neighbour.
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
        aria-label={text.arrangement.grip(panel.title)}
        aria-describedby={help}
        onKeyDown={onKeyDown}
        onClick={openMenu}
        className="absolute top-[1.125rem] left-0.5 flex h-5 w-4 cursor-grab touch-none items-center justify-center rounded text-quiet opacity-0 print:hidden focus-visible:opacity-100 group-hover/panel:opacity-100 pointer-coarse:opacity-100"
      >
        <GripVertical size={13} aria-hidden />
      </button>
      <span id={help} hidden>
        {text.arrangement.gripHelp}
      </span>
    </>
  );
}

function keyAction(
  { key, shiftKey }: KeyboardEvent,
  panel: Panel,
  { columns, rows }: Placed,
  place: number,
  { move, resize, hide }: Arrange,
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
