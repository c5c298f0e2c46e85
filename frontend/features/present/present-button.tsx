"use client";

import { Presentation } from "lucide-react";
import { useEffect } from "react";
import { Button } from "@/components/ui/button";
import { followPresent, togglePresent } from "@/lib/present/present";
import { usePresent } from "@/lib/present/use-present";
import { words } from "./words";

/** Enlarges the page for an audience, or ends that. */
export function PresentButton() {
  const presenting = usePresent();
  useEffect(followPresent, []);
  return (
    <Button
      icon
      variant="quiet"
      className="max-sm:hidden"
      aria-label={presenting ? words.end : words.start}
      aria-keyshortcuts="F"
      title={words.hint}
      onClick={togglePresent}
    >
      <Presentation size={16} aria-hidden />
    </Button>
  );
}
