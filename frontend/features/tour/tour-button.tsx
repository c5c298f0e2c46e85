"use client";

import { Compass, X } from "lucide-react";
import dynamic from "next/dynamic";
import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import { Button } from "@/components/ui/button";
import { beginTour, declineTour, inviteToTour, tour } from "./tour";
import { words } from "./words";

/** Loaded when the tour starts. */
const TourCard = dynamic(() => import("./tour-card"));

/** Starts the tour. On the first visit a text beside the button offers it. */
export function TourButton() {
  const touring = useStore(tour, ({ step }) => step !== null);
  const invited = useStore(tour, (state) => state.invited);
  const button = useRef<HTMLButtonElement>(null);
  const wasTouring = useRef(touring);
  useEffect(() => inviteToTour(), []);
  useEffect(() => {
    // Returns the focus to the button, unless the visitor moved it elsewhere.
    const lost = !document.activeElement || document.activeElement === document.body;
    if (wasTouring.current && !touring && lost) button.current?.focus();
    wasTouring.current = touring;
  }, [touring]);
  return (
    <>
      {invited && (
        <span className="hidden items-center gap-1 rounded-md bg-accent-wash py-0.5 pr-0.5 pl-3 text-small 2xl:flex">
          {words.invitation}
          <Button variant="quiet" className="h-7 px-2 text-ink underline" onClick={beginTour}>
            {words.take}
          </Button>
          <Button
            icon
            variant="quiet"
            className="size-7"
            aria-label={words.dismiss}
            title={words.dismiss}
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
        aria-label={words.take}
        title={words.take}
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
