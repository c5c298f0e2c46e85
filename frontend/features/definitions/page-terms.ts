import type { FindTerms } from "@/lib/glossary/find-terms";

/** A term in the text of the page. */
export interface Spot {
  readonly id: string;
  readonly node: Text;
  readonly start: number;
  readonly end: number;
}

/** The parts of the page whose terms are marked. Elsewhere a term has a definition too. */
export const REGIONS = "[data-panel], [data-terms], [role=dialog]:not([data-definition])";

/** Text that is the model's or the visitor's, and text that cannot be pointed at. */
const NOT_OURS =
  "bdi, textarea, select, input, svg, code, [role=listbox], [role=tree], [role=menu], .sr-only, [hidden], [data-definition], button[type=submit], script, style";

/** What does something else when it is pressed. */
const CONTROLS =
  "button, a, label, summary, [role=option], [role=switch], [role=slider], [role=group][tabindex='0']";

export const isPressable = (node: Text): boolean => node.parentElement?.closest(CONTROLS) != null;

export const isOurs = (node: Text): boolean => node.parentElement?.closest(NOT_OURS) == null;

/**
 * Returns where each term occurs first in the visible text of a region; outside of controls if
 * it does.
 */
export function termsOf(region: Element, find: FindTerms): readonly Spot[] {
  const first = new Map<string, Spot>();
  const walker = document.createTreeWalker(region, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, {
    acceptNode(node) {
      if (node instanceof Text) return NodeFilter.FILTER_ACCEPT;
      const skipped = node instanceof Element && node.matches(NOT_OURS);
      return skipped ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP;
    },
  });
  while (walker.nextNode()) {
    const node = walker.currentNode as Text;
    for (const { id, start, end } of find(node.data)) {
      const known = first.get(id);
      if (known && (!isPressable(known.node) || isPressable(node))) continue;
      if (isVisible(node)) first.set(id, { id, node, start, end });
    }
  }
  return [...first.values()].sort(inOrder);
}

const isVisible = ({ parentElement }: Text): boolean => parentElement?.checkVisibility?.() ?? true;

function inOrder(one: Spot, other: Spot): number {
  if (one.node === other.node) return one.start - other.start;
  const follows = one.node.compareDocumentPosition(other.node) & Node.DOCUMENT_POSITION_FOLLOWING;
  return follows ? -1 : 1;
}

/** Returns the term under a point of the window. */
export function termAt(x: number, y: number, find: FindTerms): Spot | null {
  const caret = caretAt(x, y);
  if (!caret || !(caret.node instanceof Text) || !isOurs(caret.node)) return null;
  const { node, offset } = caret;
  const found = find(node.data).find(({ start, end }) => start <= offset && offset <= end);
  if (!found) return null;
  const spot = { ...found, node };
  // The nearest text is found for a point beside it too.
  const isOnIt = [...rangeOf(spot).getClientRects()].some(
    ({ left, right, top, bottom }) => left <= x && x <= right && top <= y && y <= bottom,
  );
  return isOnIt ? spot : null;
}

function caretAt(x: number, y: number): { node: Node; offset: number } | null {
  if (document.caretPositionFromPoint) {
    const found = document.caretPositionFromPoint(x, y);
    return found && { node: found.offsetNode, offset: found.offset };
  }
  // Older Safari.
  const range = document.caretRangeFromPoint?.(x, y);
  return range ? { node: range.startContainer, offset: range.startOffset } : null;
}

/** Returns the range of a term; empty if its text has changed since. */
export function rangeOf({ node, start, end }: Spot): Range {
  const range = document.createRange();
  range.setStart(node, Math.min(start, node.length));
  range.setEnd(node, Math.min(end, node.length));
  return range;
}

export const isSameSpot = (one: Spot | null, other: Spot | null): boolean =>
  one?.node === other?.node && one?.start === other?.start;
