"use client";

import { Download } from "lucide-react";
import { lazy, Suspense } from "react";
import { Button } from "@/components/ui/button";
import { usePopup } from "@/components/ui/use-popup";
import { text } from "@/lib/text";

/** Loaded when it is first opened. */
const SaveMenuPopup = lazy(() => import("./save-menu-popup"));

/** What can be taken away from here; on a small screen it opens below the header it stands in. */
export function SaveMenu({ standalone = false }: { standalone?: boolean }) {
  const { open, toggle, close, button, wrapper } = usePopup();
  return (
    <div {...wrapper} className="sm:relative">
      <Button
        ref={button}
        variant="quiet"
        className="h-8 px-2.5"
        title={text.save.hint}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={toggle}
      >
        <Download size={15} aria-hidden />
        <span className="max-sm:sr-only">{text.save.open}</span>
      </Button>
      {open && (
        <Suspense>
          <SaveMenuPopup standalone={standalone} close={close} />
        </Suspense>
      )}
    </div>
  );
}
