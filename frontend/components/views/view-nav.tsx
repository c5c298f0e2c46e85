"use client";

import { type MouseEvent, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { text } from "@/lib/text";
import { openView, queryOf, VIEWS, type View, viewStore } from "@/lib/views/view";
import { classNames } from "../ui/class-names";

/** Set while a view that was chosen here is being put up, so that the focus stays in the row. */
let followed = false;

/** The views of the page, as links that keep all settings. */
export function ViewNav() {
  const view = useStore(viewStore, (state) => state.view);
  const current = useRef<HTMLAnchorElement>(null);
  // The server renders no query; the addresses come with the first effect.
  const [search, setSearch] = useState("");
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
      onPointerEnter={() => setSearch(window.location.search)}
      onFocus={() => setSearch(window.location.search)}
      className="flex gap-0.5"
    >
      {VIEWS.map((each) => (
        <a
          key={each}
          ref={each === view ? current : undefined}
          href={`/${queryOf(each, search)}`}
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
