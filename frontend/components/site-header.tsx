"use client";

import { Keyboard, LayoutGrid } from "lucide-react";
import { Button } from "@/components/ui/button";
import { text } from "@/lib/text/en";
import { ThemeToggle } from "./theme-toggle";

interface SiteHeaderProps {
  onShortcuts: () => void;
  onPanels: () => void;
}

export function SiteHeader({ onShortcuts, onPanels }: SiteHeaderProps) {
  return (
    <header className="flex h-13 shrink-0 items-center justify-between gap-4 border-rule border-b bg-paper px-5">
      <h1 className="flex items-center gap-3">
        <Mark />
        <span className="font-semibold text-base tracking-[-0.02em]">{text.site.name}</span>
        <span className="hidden font-serif text-[1.0625rem] text-quiet italic sm:inline">
          {text.site.title}
        </span>
      </h1>
      <div className="flex items-center gap-1.5">
        <Button variant="quiet" className="h-8 px-2.5" aria-haspopup="dialog" onClick={onPanels}>
          <LayoutGrid size={15} aria-hidden />
          <span className="max-sm:sr-only">{text.arrangement.open}</span>
        </Button>
        <Button
          icon
          variant="quiet"
          aria-label={text.shortcuts.open}
          title={`${text.shortcuts.open} (?)`}
          onClick={onShortcuts}
        >
          <Keyboard size={16} aria-hidden />
        </Button>
        <ThemeToggle />
      </div>
    </header>
  );
}

/** Five layers, and the one that speaks. */
function Mark() {
  const widths = [7, 13, 18, 11, 15];
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      {widths.map((width, layer) => (
        <rect
          key={width}
          x="1"
          y={1 + layer * 4}
          width={width}
          height="2"
          rx="0.5"
          className={layer === 2 ? "fill-accent" : "fill-ink"}
        />
      ))}
    </svg>
  );
}
