/** The range of visible tokens: from `first` up to, not including, `end`. */
export interface Visible {
  readonly first: number;
  readonly end: number;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const RADIUS = 3;
/** The margin in pixels below a token that is scrolled into view. */
const MARGIN = 6;
/** The distance in pixels between the hatching lines over tokens that are left out. */
const HATCH = 5;

/**
 * Draws the shades behind a text on a canvas of three times the visible height, which scrolls with
 * the text. A step then changes no styles of tokens and costs the same for any length of the text.
 */
export class TextCanvas {
  private chips: readonly HTMLElement[] = [];
  private readonly boxes = new Map<number, readonly Box[]>();
  private later = 0;
  private marked = 0;

  constructor(
    private readonly list: HTMLElement,
    private readonly canvas: HTMLCanvasElement,
  ) {}

  /** Reads the token elements again after tokens were added or moved. */
  measure(): void {
    this.boxes.clear();
    const chips = [...this.list.querySelectorAll<HTMLElement>("[data-place]")];
    if (chips[0] !== this.chips[0]) this.marked = 0;
    this.chips = chips;
  }

  chip(place: number): HTMLElement | undefined {
    return this.chips[place];
  }

  /** Returns the visible tokens; all of them if the list has no size. */
  visible(): Visible {
    const { scrollTop, clientHeight } = this.list;
    if (clientHeight === 0) return { first: 0, end: this.chips.length };
    return this.between(scrollTop + 1, scrollTop + clientHeight - 1);
  }

  /** Dims the tokens generated after the predicted one. */
  dim(from: number): void {
    const mark = (place: number) => this.chips[place]?.toggleAttribute("data-later", place >= from);
    for (let i = Math.min(from, this.later); i < Math.max(from, this.later); i++) mark(i);
    for (let i = this.marked; i < this.chips.length; i++) mark(i);
    this.marked = this.chips.length;
    this.later = from;
  }

  /** Scrolls just far enough to show a token and the next one. */
  show(place: number): void {
    const chip = this.chips[place];
    const { clientHeight, scrollTop } = this.list;
    if (!chip || clientHeight === 0) return;
    const next = this.chips[place + 1] ?? chip;
    const below = next.offsetTop + next.offsetHeight + MARGIN - clientHeight;
    if (scrollTop < below) this.list.scrollTop = below;
    else if (scrollTop > chip.offsetTop) this.list.scrollTop = chip.offsetTop;
  }

  /**
   * Draws shades from 0 to 1 by position; NaN for tokens that are left out. The last position is
   * the token of the query.
   *
   * @param ratio canvas pixels per CSS pixel
   */
  paint(shades: Float32Array, ratio: number): void {
    const { canvas, list } = this;
    const { clientHeight: height, clientWidth: width } = list;
    const context = height > 0 ? canvas.getContext("2d") : null;
    if (!context) return;
    const top = Math.max(0, list.scrollTop - height);
    const last = this.chips.at(-1);
    const textHeight = last ? last.offsetTop + 2 * last.offsetHeight : height;
    const tall = Math.max(height, Math.min(3 * height, textHeight - top));
    canvas.style.transform = `translateY(${top}px)`;
    if (resized(canvas, width, tall, ratio)) canvas.style.height = `${tall}px`;
    context.setTransform(ratio, 0, 0, ratio, 0, -top * ratio);
    context.clearRect(0, top, width, tall);
    const { first, end } = this.between(top, top + 3 * height);
    const colours = getComputedStyle(canvas);
    const query = shades.length - 1;
    for (let place = first; place < Math.min(end, query + 2); place++) {
      for (const box of this.boxesAt(place)) {
        if (place <= query) fill(context, box, shades[place] as number, colours);
        if (place === query) frame(context, box, colours);
        if (place === query + 1) underline(context, box, colours);
      }
    }
  }

  private between(top: number, bottom: number): Visible {
    return {
      first: firstWhere(this.chips, (chip) => chip.offsetTop + chip.offsetHeight > top),
      end: firstWhere(this.chips, (chip) => chip.offsetTop >= bottom),
    };
  }

  private boxesAt(place: number): readonly Box[] {
    const known = this.boxes.get(place);
    if (known) return known;
    const origin = this.list.getBoundingClientRect();
    const { scrollTop } = this.list;
    const boxes = Array.from(this.chips[place]?.getClientRects() ?? [], (rect) => ({
      left: rect.left - origin.left,
      top: rect.top - origin.top + scrollTop,
      width: rect.width,
      height: rect.height,
    }));
    this.boxes.set(place, boxes);
    return boxes;
  }
}

/**
 * Returns the index of the first element that satisfies `holds`, by binary search: all following
 * elements must satisfy it too.
 */
function firstWhere(chips: readonly HTMLElement[], holds: (chip: HTMLElement) => boolean): number {
  let low = 0;
  let high = chips.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(chips[middle] as HTMLElement)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Resizes a canvas if needed. Returns whether its size changed. */
function resized(canvas: HTMLCanvasElement, width: number, height: number, ratio: number): boolean {
  const across = Math.round(width * ratio);
  const down = Math.round(height * ratio);
  if (canvas.width === across && canvas.height === down) return false;
  canvas.width = across;
  canvas.height = down;
  return true;
}

type Context = CanvasRenderingContext2D;

function fill(context: Context, box: Box, shade: number, colours: CSSStyleDeclaration) {
  if (Number.isNaN(shade)) return hatch(context, box, colours);
  if (shade < 0.004) return;
  context.globalAlpha = shade;
  context.fillStyle = colours.color;
  context.beginPath();
  context.roundRect(box.left, box.top, box.width, box.height, RADIUS);
  context.fill();
  context.globalAlpha = 1;
}

function frame(context: Context, box: Box, colours: CSSStyleDeclaration) {
  context.strokeStyle = colours.outlineColor;
  context.lineWidth = 1.5;
  context.beginPath();
  context.roundRect(box.left + 0.75, box.top + 0.75, box.width - 1.5, box.height - 1.5, RADIUS);
  context.stroke();
}

function underline(context: Context, box: Box, colours: CSSStyleDeclaration) {
  context.fillStyle = colours.caretColor;
  context.fillRect(box.left, box.top + box.height, box.width, 2);
}

function hatch(context: Context, box: Box, colours: CSSStyleDeclaration) {
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  context.strokeStyle = colours.columnRuleColor;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = -box.height; x < box.width; x += HATCH) {
    context.moveTo(box.left + x, box.top + box.height);
    context.lineTo(box.left + x + box.height, box.top);
  }
  context.stroke();
  context.restore();
}
