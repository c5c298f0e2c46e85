import type { ReactNode } from "react";

/** A box with CSS containment, so that a change of its number does not lay out other elements. */
export const Figure = ({ children }: { children: ReactNode }) => (
  <span
    data-room
    className="contain-size contain-layout contain-style block h-4 truncate leading-4"
  >
    {children}
  </span>
);
