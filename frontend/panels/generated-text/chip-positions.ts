import type { RefObject } from "react";
import type { TokenFrame } from "@/lib/contract/frames";

/** The position of a token in pixels from the top left corner of the scrolled content. */
interface ChipPosition {
  readonly top: number;
  readonly bottom: number;
  /** The widest line of the token, since a token may begin with the space at the end of a line. */
  readonly part: Part;
}

interface Part {
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
  readonly width: number;
}

/**
 * The number of tokens that are measured at once, because only the first measurement causes a
 * layout.
 */
const TOGETHER = 64;

/**
 * Caches the positions of the tokens in a scrolled text. Measuring an element after a change forces
 * a layout of the page, so positions are not measured at every step.
 */
export class ChipPositions {
  private readonly known = new Map<number, ChipPosition>();
  private readonly listeners = new Set<() => void>();
  private frames: readonly TokenFrame[] | null = null;
  private height = 0;
  private scrolled = 0;

  constructor(private readonly list: RefObject<HTMLElement | null>) {}

  /** Measures again when tokens may have moved. Returns a function that stops watching. */
  watch(): () => void {
    const box = this.list.current;
    if (!box) return () => {};
    // Line breaks depend on the width and on the font, which loads late.
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

  /** Adds a listener for moved tokens. Returns a function that removes it. */
  onMoved(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Moves a line of one pixel under a token and scales it to its width; hides it for null. */
  putUnder(line: HTMLElement, place: number | null, frames: readonly TokenFrame[]): void {
    const chip = place === null ? null : this.of(place, frames);
    const { left, bottom, width } = chip?.part ?? { left: 0, bottom: 0, width: 0 };
    line.style.transform = `translate(${left}px, ${bottom - this.scrolled}px) scaleX(${width})`;
  }

  /** Returns the widest line of a token, in pixels from the top left corner of the visible part. */
  boxOf(place: number, frames: readonly TokenFrame[]): Part | null {
    const part = this.of(place, frames)?.part;
    if (!part) return null;
    return { ...part, top: part.top - this.scrolled, bottom: part.bottom - this.scrolled };
  }

  /** Scrolls the box, and only if the token is not visible in it. */
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

  /** Returns the position of a token. If the text has changed or grown, it is measured again. */
  private of(place: number, frames: readonly TokenFrame[]): ChipPosition | null {
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
        part: {
          left: part.left - left,
          top: part.top + down,
          bottom: part.bottom + down,
          width: part.width,
        },
      });
    }
  }
}
