/** A small square of one icon in a panel's header. */
export const ICON_BUTTON =
  "inline-flex size-6 cursor-pointer items-center justify-center rounded text-quiet hover:bg-well hover:text-ink";
