"use client";

import { Dialog } from "@base-ui/react/dialog";
import { Switch } from "@base-ui/react/switch";
import { RotateCcw, X } from "lucide-react";
import { useId, useRef } from "react";
import { Button } from "@/components/ui/button";
import type { ModelInfo } from "@/lib/contract";
import { missingCaptures } from "@/lib/run/captures";
import type { BrokenFile } from "@/panels/custom-panels";
import type { Panel } from "@/panels/panel";
import { useLayoutContext, useOpenPanels } from "./layout-context";
import { useLayoutActions } from "./use-layout-actions";
import { words as panelLayoutWords } from "./words";

interface PanelsDrawerProps {
  /** The model of the shown run, or else of the form. */
  model: ModelInfo | undefined;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** A list of all panels, with what they show and capture, to open and hide them. */
export default function PanelsDrawer({ model, open, onOpenChange }: PanelsDrawerProps) {
  const words = panelLayoutWords.drawer;
  const { panels, broken } = useLayoutContext();
  const openPanels = useOpenPanels();
  const { reset } = useLayoutActions();
  const added = useRef<string | null>(null);
  const isOpen = (panel: Panel) => openPanels.some((each) => each.panel === panel);
  const showAdded = (now: boolean) => {
    if (now || !added.current) return;
    document
      .querySelector(`[data-panel="${added.current}"]`)
      ?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  };
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange} onOpenChangeComplete={showAdded}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-veil" />
        <Dialog.Popup className="fixed inset-y-0 right-0 z-50 flex w-[min(25rem,100vw)] flex-col border-brim border-l bg-sheet shadow-2xl outline-none">
          <header className="flex items-start justify-between gap-4 border-rule border-b px-5 py-4">
            <div>
              <Dialog.Title className="font-semibold text-base">{words.title}</Dialog.Title>
              <Dialog.Description className="mt-0.5 text-quiet text-small">
                {words.lead}
              </Dialog.Description>
            </div>
            <Dialog.Close
              aria-label={words.close}
              className="inline-flex size-8 shrink-0 cursor-pointer items-center justify-center rounded-md text-quiet hover:bg-well hover:text-ink"
            >
              <X size={16} aria-hidden />
            </Dialog.Close>
          </header>
          <ul className="scroll-thin min-h-0 flex-1 divide-y divide-rule overflow-y-auto px-5">
            {panels.map((panel) => (
              <PanelRow
                key={panel.id}
                panel={panel}
                model={model}
                open={isOpen(panel)}
                onOpened={() => {
                  added.current = panel.id;
                }}
              />
            ))}
            {broken.map((file) => (
              <BrokenRow key={`${file.file} ${file.detail}`} {...file} />
            ))}
          </ul>
          <footer className="flex items-center justify-between border-rule border-t px-5 py-3">
            <span className="text-quiet text-xs">
              {words.shown(openPanels.length, panels.length)}
            </span>
            <Button variant="quiet" className="-mr-3" onClick={reset}>
              <RotateCcw size={13} aria-hidden />
              {words.reset}
            </Button>
          </footer>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface PanelRowProps {
  panel: Panel;
  model: ModelInfo | undefined;
  open: boolean;
  onOpened: () => void;
}

function PanelRow({ panel, model, open, onOpened }: PanelRowProps) {
  const words = panelLayoutWords;
  const arrange = useLayoutActions();
  const switchId = useId();
  const titleId = useId();
  const lineId = useId();
  const impossible = missingCaptures(panel.captures, null, model?.capabilities);
  const nameOf = (probe: string) => words.probes[probe] ?? probe;
  const toggle = (checked: boolean) => {
    if (!checked) return arrange.hide(panel);
    arrange.open(panel);
    onOpened();
  };
  return (
    <li>
      <label htmlFor={switchId} className="flex cursor-pointer gap-4 py-3.5">
        <span className="min-w-0 flex-1">
          <span id={titleId} className="block font-medium">
            {panel.title}
          </span>
          <span id={lineId} className="block">
            <span className="mt-0.5 block text-quiet text-small leading-snug">
              {panel.howToRead}
            </span>
            <span className="mt-1 block text-micro text-quiet">
              {panel.captures.length === 0
                ? words.drawer.noCaptures
                : words.drawer.captures(panel.captures.map(nameOf).join(", "))}
            </span>
            {model && impossible.length > 0 && (
              <span className="mt-1 block text-ink text-xs">
                {words.uncaptured.cannot(
                  model.title || model.name,
                  impossible.map(nameOf).join(", "),
                )}
              </span>
            )}
          </span>
        </span>
        <Switch.Root
          id={switchId}
          checked={open}
          onCheckedChange={toggle}
          aria-labelledby={titleId}
          aria-describedby={lineId}
          className="mt-0.5 inline-flex h-5 w-9 shrink-0 cursor-pointer items-center rounded-full border border-edge bg-well px-0.5 transition-colors data-checked:border-ink data-checked:bg-ink"
        >
          <Switch.Thumb className="size-3.5 rounded-full bg-edge transition-transform data-checked:translate-x-4 data-checked:bg-sheet" />
        </Switch.Root>
      </label>
    </li>
  );
}

function BrokenRow({ file, reason, detail }: BrokenFile) {
  const words = panelLayoutWords.drawer.broken;
  return (
    <li className="py-3.5">
      <p className="font-medium">{words.title(file)}</p>
      <p className="mt-0.5 break-words text-error text-small">
        {reason === "none" ? words.none : words[reason](detail)}
      </p>
    </li>
  );
}
