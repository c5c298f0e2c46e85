"use client";

import { Keyboard, LayoutGrid } from "lucide-react";
import { Button } from "@/components/ui/button";
import { text } from "@/lib/text";
import { LanguageChoice } from "./language-choice";
import { SaveMenu } from "./save-menu";
import { ThemeToggle } from "./theme-toggle";
import { TourButton } from "./tour/tour-button";
import { ViewNav } from "./views/view-nav";

interface SiteHeaderProps {
  onShortcuts: () => void;
  /** Absent where there is nothing to arrange. */
  onPanels?: () => void;
  /** Whether one run is shown, which can be taken away. */
  single?: boolean;
}

export function SiteHeader({ onShortcuts, onPanels, single = false }: SiteHeaderProps) {
  return (
    <header className="relative flex min-h-13 shrink-0 flex-wrap items-center justify-between gap-x-4 border-rule border-b bg-paper px-5 max-sm:gap-x-1">
      <h1 className="flex h-13 items-center gap-3 max-sm:h-11">
        <Mark />
        <span className="font-semibold text-base tracking-[-0.02em]">{text.site.name}</span>
        <span className="hidden font-serif text-[1.0625rem] text-quiet italic md:inline">
          {text.site.title}
        </span>
      </h1>
      {/* On a phone the first line holds the preferences, the second what is looked at and taken away. */}
      <div className="max-sm:order-last max-sm:-ml-1.5 sm:mr-auto sm:ml-4 print:hidden">
        <ViewNav />
      </div>
      <div className="flex items-center gap-1.5 print:hidden max-sm:order-last max-sm:-mr-2 max-sm:ml-auto max-sm:gap-0">
        {single && <TourButton />}
        {onPanels && <PanelsButton onPanels={onPanels} />}
        {single && <SaveMenu />}
        <Button
          icon
          variant="quiet"
          className="max-sm:hidden"
          aria-label={text.shortcuts.open}
          title={`${text.shortcuts.open} (?)`}
          onClick={onShortcuts}
        >
          <Keyboard size={16} aria-hidden />
        </Button>
      </div>
      <div className="flex items-center gap-1.5 sm:-ml-2.5 print:hidden">
        <LanguageChoice />
        <ThemeToggle />
      </div>
    </header>
  );
}

export function PanelsButton({ onPanels }: { onPanels: () => void }) {
  return (
    <Button
      variant="quiet"
      className="h-8 px-2.5"
      aria-haspopup="dialog"
      data-tour="panels"
      onClick={onPanels}
    >
      <LayoutGrid size={15} aria-hidden />
      <span className="max-sm:sr-only">{text.arrangement.open}</span>
    </Button>
  );
}

/** Five layers, and the one that speaks. */
export function Mark() {
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
