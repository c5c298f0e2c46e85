import type { RefObject } from "react";

interface Details {
  readonly reason: string;
  readonly event: Event;
}

/** Closes what its button opened; a press on that very button is left to the button. */
export const dismissal =
  (anchor: RefObject<HTMLElement | null>, onOpenChange: (open: boolean) => void) =>
  (open: boolean, { reason, event }: Details): void => {
    const onButton = event.target instanceof Node && anchor.current?.contains(event.target);
    if (reason !== "outside-press" || !onButton) onOpenChange(open);
  };
