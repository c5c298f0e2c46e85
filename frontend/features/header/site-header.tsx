"use client";

import { BookOpen, Keyboard, LayoutGrid } from "lucide-react";
import { LanguageChoice } from "@/components/page-controls/language-choice";
import { Mark } from "@/components/page-controls/mark";
import { ThemeToggle } from "@/components/page-controls/theme-toggle";
import { Button } from "@/components/ui/button";
import { SkipLink } from "@/components/ui/skip-link";
import { ChaptersButton } from "@/features/chapters-offer/chapters-button";
import { DepthSwitch } from "@/features/depth/depth-switch";
import { words as glossaryWords } from "@/features/glossary/words";
import { words as panelLayoutWords } from "@/features/panel-layout/words";
import { PresentButton } from "@/features/present/present-button";
import { words as siteWords } from "@/lib/i18n/words";
import { SaveButton } from "./save-button";
import { ViewNav } from "./view-nav";
import { words as headerWords } from "./words";

interface SiteHeaderProps {
  onShortcuts: () => void;
  /** Opens the panels drawer. Absent if the view has no panel layout. */
  onPanels?: () => void;
  /** Whether the view shows a single run, which can be saved. */
  single?: boolean;
}

export function SiteHeader({ onShortcuts, onPanels, single = false }: SiteHeaderProps) {
  return (
    <header className="relative flex min-h-13 shrink-0 flex-wrap items-center justify-between gap-x-4 border-rule border-b bg-paper px-5 max-sm:gap-x-1">
      <SkipLink to="run" className="focus:top-1 focus:left-1">
        {siteWords.skip}
      </SkipLink>
      <h1 className="flex h-13 items-center gap-3 max-sm:h-11">
        <Mark />
        <span className="font-semibold text-base tracking-[-0.02em]">{siteWords.name}</span>
        <span className="hidden font-serif text-[1.0625rem] text-quiet italic md:inline">
          {siteWords.title}
        </span>
      </h1>
      {/* On a phone the header has two lines: language and theme, then views and saving. */}
      <div className="max-sm:order-last max-sm:-ml-1.5 sm:mr-auto sm:ml-4 print:hidden">
        <ViewNav />
      </div>
      <div className="flex items-center gap-1.5 print:hidden max-sm:order-last max-sm:-mr-2 max-sm:ml-auto max-sm:gap-0">
        <span className="contents present:hidden">
          {single && <ChaptersButton />}
          {onPanels && <PanelsButton onPanels={onPanels} />}
          {single && <SaveButton />}
        </span>
        <DepthSwitch />
        <PresentButton />
        <GlossaryLink />
        <Button
          icon
          variant="quiet"
          className="max-sm:hidden present:hidden"
          aria-label={headerWords.shortcuts.open}
          title={`${headerWords.shortcuts.open} (?)`}
          onClick={onShortcuts}
        >
          <Keyboard size={16} aria-hidden />
        </Button>
      </div>
      <div className="flex items-center gap-1.5 sm:-ml-2.5 print:hidden">
        <span className="contents present:hidden">
          <LanguageChoice />
        </span>
        <ThemeToggle />
      </div>
    </header>
  );
}

/** Opens in a new tab, so that the run is not lost. */
function GlossaryLink() {
  const { link, newTab } = glossaryWords;
  return (
    <a
      href="./glossary"
      target="_blank"
      rel="noreferrer"
      aria-label={`${link} ${newTab}`}
      title={link}
      className="inline-flex size-8 items-center justify-center rounded-md text-quiet transition-colors hover:bg-well hover:text-ink max-[24rem]:hidden present:hidden"
    >
      <BookOpen size={16} aria-hidden />
    </a>
  );
}

export function PanelsButton({ onPanels }: { onPanels: () => void }) {
  return (
    <Button variant="quiet" className="h-8 px-2.5" aria-haspopup="dialog" onClick={onPanels}>
      <LayoutGrid size={15} aria-hidden />
      <span className="max-sm:sr-only">{panelLayoutWords.open}</span>
    </Button>
  );
}
