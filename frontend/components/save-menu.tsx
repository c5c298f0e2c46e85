"use client";

import { Download } from "lucide-react";
import { lazy, Suspense, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { text } from "@/lib/text/en";

/** Loaded when it is first opened. */
const SaveMenuPopup = lazy(() => import("./save-menu-popup"));

/** What can be taken away from here. */
export function SaveMenu({ standalone = false }: { standalone?: boolean }) {
  const [open, setOpen] = useState<boolean | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <Button
        ref={button}
        variant="quiet"
        className="h-8 px-2.5"
        title={text.save.hint}
        aria-haspopup="menu"
        aria-expanded={open === true}
        onClick={() => setOpen(!open)}
      >
        <Download size={15} aria-hidden />
        <span className="max-sm:sr-only">{text.save.open}</span>
      </Button>
      {open !== null && (
        <Suspense>
          <SaveMenuPopup
            standalone={standalone}
            anchor={button}
            open={open}
            onOpenChange={setOpen}
          />
        </Suspense>
      )}
    </>
  );
}
