/** The box of a token in the visible part of a text, in pixels. */
export interface TokenBox {
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
  readonly width: number;
}

const n = (value: number): string => value.toFixed(1);

const middle = ({ left, width }: TokenBox): number => left + width / 2;

/**
 * Returns the arc from a token to the one that reads it: above them in one line of text, or below
 * them in a line at the upper edge; otherwise from the lower edge of the first to the upper edge of the second. A token that reads itself has a
 * loop.
 */
export function textArc(from: TokenBox, to: TokenBox): string {
  const [a, b] = [middle(from), middle(to)];
  const isOneLine = Math.abs(from.top - to.top) < (to.bottom - to.top) / 2;
  if (isOneLine && Math.abs(a - b) < 1) {
    return `M${n(b - 5)} ${n(to.top)}C${n(b - 12)} ${n(to.top - 16)} ${n(b + 12)} ${n(to.top - 16)} ${n(b + 5)} ${n(to.top)}`;
  }
  if (isOneLine) {
    // The highest point of such a curve is at half of this height.
    const height = Math.min(30, 12 + Math.abs(a - b) * 0.06);
    const hasRoom = to.top >= height / 2;
    const [y, bend] = hasRoom ? [to.top, to.top - height] : [to.bottom, to.bottom + height];
    return `M${n(a)} ${n(y)}Q${n((a + b) / 2)} ${n(bend)} ${n(b)} ${n(y)}`;
  }
  const [start, end] = from.top < to.top ? [from.bottom, to.top] : [from.top, to.bottom];
  const bend = (end - start) / 2;
  return `M${n(a)} ${n(start)}C${n(a)} ${n(start + bend)} ${n(b)} ${n(end - bend)} ${n(b)} ${n(end)}`;
}
