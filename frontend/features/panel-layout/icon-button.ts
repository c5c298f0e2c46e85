/** A small square button with an icon, in the header of a panel. */
export const ICON_BUTTON =
  "inline-flex size-6 cursor-pointer items-center justify-center rounded text-quiet hover:bg-well hover:text-ink";
