import type { RefObject } from "react";
import type { TokenFrame } from "@/lib/run/frames";

/** Where a token stands in its text, in pixels from the corner of all that can be scrolled. */
interface ChipPlace {
  readonly top: number;
  readonly bottom: number;
  /** Of its widest part: a token may begin with the blank that ends a line. */
  readonly part: { readonly left: number; readonly bottom: number; readonly width: number };
}

/** Tokens that are measured together: the first of them has the page laid out, the others are free. */
const TOGETHER = 64;

/**
 * Where the tokens of a scrolled text stand. They are measured once, not whenever one is shown: who
 * asks the browser for a place in the middle of a step has the whole page laid out there and then.
 */
export class ChipPlaces {
  private readonly known = new Map<number, ChipPlace>();
  private readonly listeners = new Set<() => void>();
  private frames: readonly TokenFrame[] | null = null;
  private height = 0;
  private scrolled = 0;

  constructor(private readonly list: RefObject<HTMLElement | null>) {}

  /** Follow what moves the tokens of the box, until the returned function is called. */
  watch(): () => void {
    const box = this.list.current;
    if (!box) return () => {};
    // Lines break elsewhere in another width, or in the font that arrives.
    const measure = () => {
      this.known.clear();
      this.height = box.clientHeight;
      this.follow(box);
    };
    const follow = () => this.follow(box);
    measure();
    const observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(measure);
    observer?.observe(box);
    void document.fonts?.ready.then(measure);
    box.addEventListener("scroll", follow, { passive: true });
    return () => {
      observer?.disconnect();
      box.removeEventListener("scroll", follow);
    };
  }

  /** Be told when tokens stand elsewhere. */
  onMoved(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Put a line of one pixel under a token; of no length under none. */
  putUnder(line: HTMLElement, place: number | null, frames: readonly TokenFrame[]): void {
    const chip = place === null ? null : this.of(place, frames);
    const { left, bottom, width } = chip?.part ?? { left: 0, bottom: 0, width: 0 };
    line.style.transform = `translate(${left}px, ${bottom - this.scrolled}px) scaleX(${width})`;
  }

  /** Scroll within the box only, and only where the token is not in it. */
  keepInSight(place: number, frames: readonly TokenFrame[]): void {
    const box = this.list.current;
    const chip = this.of(place, frames);
    if (!box || !chip || this.height === 0) return;
    if (chip.top < this.scrolled) box.scrollTop = chip.top;
    else if (chip.bottom > this.scrolled + this.height) box.scrollTop = chip.bottom - this.height;
    else return;
    this.follow(box);
  }

  private follow(box: HTMLElement): void {
    this.scrolled = box.scrollTop;
    for (const listener of this.listeners) listener();
  }

  /** The place of a token; another text's tokens, or more of them, are measured anew. */
  private of(place: number, frames: readonly TokenFrame[]): ChipPlace | null {
    if (frames !== this.frames) this.known.clear();
    this.frames = frames;
    if (!this.known.has(place)) this.measureFrom(place);
    return this.known.get(place) ?? null;
  }

  private measureFrom(first: number): void {
    const box = this.list.current;
    if (!box) return;
    const { left, top } = box.getBoundingClientRect();
    this.scrolled = box.scrollTop;
    for (let place = first; place < first + TOGETHER; place++) {
      const rects = [...(box.querySelector(`[data-place="${place}"]`)?.getClientRects() ?? [])];
      const [part] = rects.toSorted((one, other) => other.width - one.width);
      if (!part) return;
      const down = this.scrolled - top;
      this.known.set(place, {
        top: Math.min(...rects.map((rect) => rect.top)) + down,
        bottom: Math.max(...rects.map((rect) => rect.bottom)) + down,
        part: { left: part.left - left, bottom: part.bottom + down, width: part.width },
      });
    }
  }
}
