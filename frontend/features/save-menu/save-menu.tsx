"use client";

import { Download } from "lucide-react";
import { Button } from "@/components/ui/button";
import { LazyPopup } from "@/components/ui/lazy-popup";
import { words } from "./words";

const load = () => import("./save-menu-popup");

/** The menu for saving and opening runs. */
export function SaveMenu({ standalone = false }: { standalone?: boolean }) {
  return (
    <LazyPopup
      kind="menu"
      load={load}
      standalone={standalone}
      button={
        <Button variant="quiet" className="h-8 px-2.5" title={words.hint}>
          <Download size={15} aria-hidden />
          <span className="max-sm:sr-only">{words.open}</span>
        </Button>
      }
    />
  );
}
