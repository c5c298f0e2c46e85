"use client";

import { PreviewCard } from "@base-ui/react/preview-card";
import { useId } from "react";
import { CodeText } from "@/components/ui/code-text";
import { words as glossaryWords } from "@/features/glossary/words";
import { addressOfTerm, type DefinedTerm } from "@/lib/glossary/terms";
import { isStandalone } from "@/lib/recording/is-standalone";
import { rangeOf, type Spot } from "./page-terms";
import { words } from "./words";

interface DefinitionCardProps {
  spot: Spot;
  explained: DefinedTerm;
  /** Its place among the terms of its region and their number, if the keyboard goes through them. */
  place: readonly [number, number] | null;
  onClose: () => void;
}

/** The definition of a term, beside it, and except on a standalone page a link to the glossary. */
export default function DefinitionCard({ spot, explained, place, onClose }: DefinitionCardProps) {
  const title = useId();
  const anchor = {
    getBoundingClientRect: () => rangeOf(spot).getBoundingClientRect(),
    ...(spot.node.parentElement && { contextElement: spot.node.parentElement }),
  };
  return (
    <PreviewCard.Root open onOpenChange={(open) => open || onClose()}>
      <PreviewCard.Portal>
        <PreviewCard.Positioner
          anchor={anchor}
          align="start"
          sideOffset={6}
          // For the keyboard, above its stop in the corner of the window.
          collisionPadding={place ? { top: 8, right: 8, bottom: 48, left: 8 } : 8}
          className="z-50 print:hidden"
        >
          <PreviewCard.Popup
            role="dialog"
            aria-labelledby={title}
            data-definition
            className="w-80 max-w-(--available-width) rounded-lg border border-brim bg-sheet px-4 py-3 shadow-xl outline-none"
          >
            <p className="flex items-baseline justify-between gap-3">
              <strong id={title} className="font-semibold text-small">
                {explained.term}
              </strong>
              {place && (
                <span className="figures text-micro text-quiet">{words.place(...place)}</span>
              )}
            </p>
            <p className="mt-1 text-small leading-snug">
              <CodeText text={explained.text} />
            </p>
            {place ? (
              <p className="mt-2 text-quiet text-xs">{words.keys}</p>
            ) : (
              !isStandalone() && (
                <a
                  href={addressOfTerm(spot.id)}
                  target="_blank"
                  rel="noreferrer"
                  className="mt-2 inline-block text-small underline underline-offset-4"
                >
                  {glossaryWords.link} <span className="sr-only">{glossaryWords.newTab}</span>
                </a>
              )
            )}
          </PreviewCard.Popup>
        </PreviewCard.Positioner>
      </PreviewCard.Portal>
    </PreviewCard.Root>
  );
}
