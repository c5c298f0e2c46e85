"use client";

import { type MouseEvent, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { text } from "@/lib/text";
import { addressOf, openView, VIEWS, type View, viewStore } from "@/lib/views/view";
import { classNames } from "../ui/class-names";

/** Set while a view that was chosen here is being put up, so that the focus stays in the row. */
let followed = false;

/** The views of the page, as links that keep all settings. */
export function ViewNav() {
  const view = useStore(viewStore, (state) => state.view);
  const current = useRef<HTMLAnchorElement>(null);
  // As they are when someone is about to open one; the server renders none.
  const [addresses, setAddresses] = useState<readonly string[]>([]);
  const readAddresses = () => setAddresses(VIEWS.map(addressOf));
  useEffect(() => {
    if (followed) current.current?.focus();
    followed = false;
  }, []);
  const follow = (event: MouseEvent, to: View) => {
    // A new tab, a new window or a download is the browser's.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    followed = to !== view;
    openView(to);
  };
  return (
    <nav
      aria-label={text.views.label}
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
              ? "border-accent font-medium text-ink"
              : "text-quiet hover:border-rule hover:text-ink",
          )}
        >
          {text.views.names[each]}
        </a>
      ))}
    </nav>
  );
}
