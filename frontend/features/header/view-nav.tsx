"use client";

import { type MouseEvent, useRef, useState } from "react";
import { useStore } from "zustand";
import { classNames } from "@/components/ui/class-names";
import { useFocusAfterRemount } from "@/components/ui/focus-after-remount";
import { addressOf, openView, VIEWS, type View, viewStore } from "@/lib/views/view";
import { words } from "./words";

/** Links to the views of the page. The links contain all settings. */
export function ViewNav() {
  const view = useStore(viewStore, (state) => state.view);
  const current = useRef<HTMLAnchorElement>(null);
  // Updated before a link is used. Empty on the server.
  const [addresses, setAddresses] = useState<readonly string[]>([]);
  const readAddresses = () => setAddresses(VIEWS.map(addressOf));
  const keepFocus = useFocusAfterRemount("views", () => current.current?.focus());
  const follow = (event: MouseEvent, to: View) => {
    // The browser handles new tabs, new windows and downloads.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    if (to !== view) keepFocus();
    openView(to);
  };
  return (
    <nav
      aria-label={words.views.label}
      onPointerEnter={readAddresses}
      onFocus={readAddresses}
      className="flex gap-0.5"
    >
      {VIEWS.map((each, place) => (
        <a
          key={each}
          ref={each === view ? current : undefined}
          href={`./${addresses[place] ?? ""}`}
          aria-current={each === view ? "page" : undefined}
          onClick={(event) => follow(event, each)}
          className={classNames(
            "inline-flex h-8 items-center border-transparent border-b-2 px-1.5 pt-0.5 text-small transition-colors sm:px-2.5",
            each === view
              ? "border-ink font-medium text-ink"
              : "text-quiet hover:border-rule hover:text-ink",
          )}
        >
          {words.views.names[each]}
        </a>
      ))}
    </nav>
  );
}
