"use client";

import type { PopupProps } from "@/components/ui/lazy-popup";
import { Popover, PopoverText } from "@/components/ui/popover";
import { words as glossaryWords } from "@/features/glossary/words";
import { addressOfTerm } from "@/lib/glossary/terms";
import { isStandalone } from "@/lib/recording/is-standalone";
import type { Panel } from "@/panels/panel";
import { words } from "./words";

interface CautionPopoverProps extends PopupProps {
  panel: Panel;
}

/** The caution of a panel and, except on a standalone page, a link to its glossary term. */
export default function CautionPopover({ button, panel }: CautionPopoverProps) {
  return (
    <Popover title={words.caution.title} button={button}>
      <PopoverText className="mt-1 text-small leading-snug">{panel.caution}</PopoverText>
      {panel.term && !isStandalone() && (
        <a
          href={addressOfTerm(panel.term)}
          target="_blank"
          rel="noreferrer"
          className="mt-2 inline-block text-small underline underline-offset-4 hover:decoration-2"
        >
          {glossaryWords.link} <span className="sr-only">{glossaryWords.newTab}</span>
        </a>
      )}
    </Popover>
  );
}
