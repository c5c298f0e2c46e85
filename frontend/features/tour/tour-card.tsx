"use client";

import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { Button } from "@/components/ui/button";
import { around, type Box, placeCard } from "./card-position";
import { endTour, moveTour, shownSteps, tour } from "./tour";
import { usePartBoxes } from "./use-part-boxes";
import { words } from "./words";

/**
 * The card of the current step, and rings around the parts that it explains. The page stays usable.
 */
export default function TourCard() {
  const step = useStore(tour, (state) => state.step);
  return step === null ? null : <Step step={step} />;
}

function Step({ step }: { step: number }) {
  const text = words.steps[step];
  const card = useRef<HTMLDivElement>(null);
  const boxes = usePartBoxes(step);
  const place = usePlace(card, boxes, step);
  const steps = shownSteps();
  const index = steps.indexOf(step);
  const last = index === steps.length - 1;

  // biome-ignore lint/correctness/useExhaustiveDependencies: screen readers read each step
  useEffect(() => card.current?.focus({ preventScroll: true }), [step]);

  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape") endTour();
    else if (event.key === "ArrowRight") moveTour(1);
    else if (event.key === "ArrowLeft") moveTour(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      {boxes.map((box) => (
        <Ring key={`${box.left} ${box.top}`} box={box} />
      ))}
      <div
        ref={card}
        role="dialog"
        aria-label={words.label}
        aria-describedby="tour-step"
        tabIndex={-1}
        onKeyDown={onKey}
        style={place ?? { left: 0, top: 0, opacity: 0 }}
        className="fixed z-50 w-[min(21rem,calc(100vw-1.75rem))] rounded-xl border border-edge bg-sheet p-4 shadow-2xl outline-offset-0"
      >
        <div id="tour-step">
          <p className="figures text-micro text-quiet">{words.progress(index + 1, steps.length)}</p>
          <h2 className="mt-0.5 font-semibold text-base tracking-[-0.01em]">{text?.title}</h2>
          <p className="mt-1 text-ink text-small leading-relaxed">{text?.body}</p>
        </div>
        <div className="mt-3 flex items-center justify-between gap-2">
          {!last && (
            <Button variant="quiet" className="-ml-3 h-8" onClick={endTour}>
              {words.skip}
            </Button>
          )}
          <span className="ml-auto flex gap-2">
            {index > 0 && (
              <Button className="h-8" onClick={() => moveTour(-1)}>
                {words.back}
              </Button>
            )}
            <Button variant="primary" className="h-8" onClick={() => moveTour(1)}>
              {last ? words.done : words.next}
            </Button>
          </span>
        </div>
      </div>
    </>
  );
}

/** A ring around a part, limited to the window. */
function Ring({ box }: { box: Box }) {
  const left = Math.max(2, box.left - 4);
  const top = Math.max(2, box.top - 4);
  const width = Math.min(window.innerWidth - 2, box.left + box.width + 4) - left;
  const height = box.top + box.height + 4 - top;
  return (
    <span
      aria-hidden
      data-tour-ring
      style={{ left, top, width, height }}
      className="pointer-events-none fixed z-40 rounded-lg border-2 border-accent shadow-[0_0_0_4px_color-mix(in_oklab,var(--accent)_18%,transparent)]"
    />
  );
}

/** Returns the position of the card, or null until the size of the card is known. */
function usePlace(
  card: React.RefObject<HTMLDivElement | null>,
  boxes: readonly Box[],
  step: number,
) {
  const [place, setPlace] = useState<{ left: number; top: number } | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the card's size depends on the step
  useLayoutEffect(() => {
    if (!card.current) return;
    const { offsetWidth, offsetHeight } = card.current;
    const view = { width: window.innerWidth, height: window.innerHeight };
    setPlace(placeCard(around(boxes), { width: offsetWidth, height: offsetHeight }, view));
  }, [boxes, step]);
  return place;
}
