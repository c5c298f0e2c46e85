"use client";

import { type KeyboardEvent, type MouseEvent, useState } from "react";
import { focusPanel } from "./focus-panel";
import { useOpenPanels } from "./layout-context";
import { words } from "./words";

/**
 * Links to all open panels, shown while one has the focus. Tab stops at one of them; the arrow keys
 * go to the others.
 */
export function PanelLinks() {
  const open = useOpenPanels();
  const [at, setAt] = useState(0);
  const last = open.length - 1;
  const current = Math.min(at, last);
  const walk = (event: KeyboardEvent<HTMLElement>) => {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 } as const;
    const by = steps[event.key as keyof typeof steps];
    if (by === undefined) return;
    event.preventDefault();
    const to = (current + by + open.length) % open.length;
    setAt(to);
    event.currentTarget.querySelectorAll("a")[to]?.focus();
  };
  const go = (event: MouseEvent, id: string) => {
    // Keeps the fragment, which may contain settings.
    event.preventDefault();
    focusPanel(id);
  };
  if (open.length === 0) return null;
  return (
    <nav
      aria-label={words.links}
      onKeyDown={walk}
      className="sr-only print:hidden focus-within:not-sr-only focus-within:flex focus-within:flex-wrap focus-within:items-center focus-within:gap-x-1 focus-within:bg-sheet focus-within:px-5 focus-within:py-2"
    >
      <span aria-hidden className="mr-2 text-quiet text-small">
        {words.links}
      </span>
      {open.map(({ panel }, place) => (
        <a
          key={panel.id}
          href={`#${panel.id}`}
          tabIndex={place === current ? 0 : -1}
          onClick={(event) => go(event, panel.id)}
          onFocus={() => setAt(place)}
          className="rounded-md px-2 py-1 text-small underline"
        >
          {panel.title}
        </a>
      ))}
    </nav>
  );
}
