"use client";

import { Download } from "lucide-react";
import { Button } from "@/components/ui/button";
import { LazyPopup } from "@/components/ui/lazy-popup";
import { words } from "./words";

const load = () => import("@/features/save-menu/save-menu-popup");

/** Opens the menu for saving and opening runs. */
export function SaveButton({ standalone = false }: { standalone?: boolean }) {
  return (
    <LazyPopup
      kind="menu"
      load={load}
      standalone={standalone}
      button={
        <Button variant="quiet" className="h-8 px-2.5" title={words.save.hint}>
          <Download size={15} aria-hidden />
          <span className="max-sm:sr-only">{words.save.open}</span>
        </Button>
      }
    />
  );
}
