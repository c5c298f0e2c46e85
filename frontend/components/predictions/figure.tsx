import type { ReactNode } from "react";

/** A room whose size is its own, so that a new number lays out nothing but itself. */
export const Figure = ({ children }: { children: ReactNode }) => (
  <span
    data-room
    className="contain-size contain-layout contain-style block h-4 truncate leading-4"
  >
    {children}
  </span>
);
