"use client";

import { Compass, X } from "lucide-react";
import dynamic from "next/dynamic";
import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import { Button } from "@/components/ui/button";
import { text } from "@/lib/text";
import { beginTour, declineTour, inviteToTour, tour } from "@/lib/tour/tour";

/** Loaded when somebody takes the tour. */
const TourCard = dynamic(() => import("./tour-card"));

/** Starts the tour; who is here for the first time is asked, beside the button, in passing. */
export function TourButton() {
  const touring = useStore(tour, ({ step }) => step !== null);
  const invited = useStore(tour, (state) => state.invited);
  const button = useRef<HTMLButtonElement>(null);
  const was = useRef(touring);
  useEffect(() => inviteToTour(), []);
  useEffect(() => {
    // Back to where it was begun, unless the visitor has gone elsewhere meanwhile.
    const lost = !document.activeElement || document.activeElement === document.body;
    if (was.current && !touring && lost) button.current?.focus();
    was.current = touring;
  }, [touring]);
  return (
    <>
      {invited && (
        <span className="hidden items-center gap-1 rounded-md bg-accent-wash py-0.5 pr-0.5 pl-3 text-small lg:flex">
          {text.tour.invitation}
          <Button variant="quiet" className="h-7 px-2 text-ink underline" onClick={beginTour}>
            {text.tour.take}
          </Button>
          <Button
            icon
            variant="quiet"
            className="size-7"
            aria-label={text.tour.dismiss}
            title={text.tour.dismiss}
            onClick={declineTour}
          >
            <X size={14} aria-hidden />
          </Button>
        </span>
      )}
      <Button
        ref={button}
        icon
        variant="quiet"
        className="relative"
        aria-label={text.tour.take}
        title={text.tour.take}
        onClick={beginTour}
      >
        <Compass size={16} aria-hidden />
        {invited && (
          <span aria-hidden className="absolute top-1 right-1 size-1.5 rounded-full bg-accent" />
        )}
      </Button>
      {touring && <TourCard />}
    </>
  );
}
