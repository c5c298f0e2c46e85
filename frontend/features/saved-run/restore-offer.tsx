"use client";

import { History } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { words } from "./words";

interface OfferProps {
  title: string;
  detail: string;
  /** Label of the button that restores it. */
  action: string;
  onRestore: () => Promise<void>;
  onDiscard: () => void;
}

/** Asks whether to restore what was open before the page was reloaded. */
export default function Offer({ title, detail, action, onRestore, onDiscard }: OfferProps) {
  const [state, setState] = useState<"offered" | "restoring" | "lost">("offered");
  const restore = () => {
    setState("restoring");
    onRestore().catch(() => setState("lost"));
  };
  return (
    <section
      aria-label={title}
      className="flex flex-wrap items-center gap-x-4 gap-y-2 bg-sheet px-5 py-3"
    >
      <History size={16} aria-hidden className="shrink-0 text-quiet" />
      <div className="min-w-48 flex-1">
        <p className="font-medium text-small">{title}</p>
        <p role="status" className="break-words text-quiet text-xs">
          {state === "lost" ? words.lost : detail}
        </p>
      </div>
      <div className="flex gap-2">
        {state !== "lost" && (
          <Button variant="primary" disabled={state === "restoring"} onClick={restore}>
            {state === "restoring" ? words.restoring : action}
          </Button>
        )}
        <Button disabled={state === "restoring"} onClick={onDiscard}>
          {words.discard}
        </Button>
      </div>
    </section>
  );
}
