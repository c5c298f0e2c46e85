export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Distance in pixels between a part and its card, and between the card and the edge. */
const GAP = 14;

/** Returns the bounding box of all boxes, or null if there are none. */
export function around(boxes: readonly Box[]): Box | null {
  if (boxes.length === 0) return null;
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const right = Math.max(...boxes.map((box) => box.left + box.width));
  const bottom = Math.max(...boxes.map((box) => box.top + box.height));
  return { left, top, width: right - left, height: bottom - top };
}

/**
 * Returns a position for the card that does not cover the part: beside, below or above it, or else
 * in the bottom right corner.
 */
export function placeCard(part: Box | null, card: Size, view: Size): { left: number; top: number } {
  const inside = (at: number, size: number, end: number) =>
    Math.max(GAP, Math.min(at, end - size - GAP));
  const corner = {
    left: inside(view.width, card.width, view.width),
    top: inside(view.height, card.height, view.height),
  };
  if (!part) return corner;
  const across = inside(part.left, card.width, view.width);
  const down = inside(part.top, card.height, view.height);
  const places = [
    { left: part.left + part.width + GAP, top: down },
    { left: across, top: part.top + part.height + GAP },
    { left: across, top: part.top - card.height - GAP },
    { left: part.left - card.width - GAP, top: down },
  ];
  const fits = ({ left, top }: { left: number; top: number }) =>
    left >= GAP &&
    top >= GAP &&
    left + card.width <= view.width - GAP &&
    top + card.height <= view.height - GAP;
  return places.find(fits) ?? corner;
}
