/** The style of a text; lengths in pixels. */
export interface TextStyle {
  readonly font: string;
  readonly spacing: string;
  readonly colour: string;
  /** The distance of the baseline from the top of the text's box. */
  readonly baseline: number;
}

export interface Room {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Draws on a canvas exactly as the page would draw elements in its place. */
export class TextPainter {
  /** The position of the box relative to the canvas, in device pixels. */
  private readonly x: number;
  private readonly y: number;
  private taken: Pick<TextStyle, "font" | "spacing"> | null = null;
  /** Widths of texts by style and text; `known` are those of the current style. */
  private readonly widths = new Map<string, Map<string, number>>();
  private known = new Map<string, number>();

  /**
   * Places the canvas over a box, aligned to whole pixels, because at a fraction of a pixel the
   * browser would blur it. The positioned ancestor must begin at a device pixel. `ratio` is the
   * number of device pixels per CSS pixel.
   */
  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly ratio: number,
    { left, top, width, height }: Room,
  ) {
    const { canvas } = context;
    const x = Math.floor(left);
    const y = Math.floor(top);
    const wide = Math.ceil(left + width) - x;
    const tall = Math.floor(top + height) - y;
    Object.assign(canvas.style, {
      left: `${x}px`,
      top: `${y}px`,
      width: `${wide}px`,
      height: `${tall}px`,
    });
    canvas.width = Math.round((x + wide) * ratio) - Math.round(x * ratio);
    canvas.height = Math.round((y + tall) * ratio) - Math.round(y * ratio);
    this.x = left * ratio - Math.round(x * ratio);
    this.y = top * ratio - Math.round(y * ratio);
    context.setTransform(ratio, 0, 0, ratio, this.x, this.y);
  }

  /** Fills the canvas with one colour. */
  ground(colour: string): void {
    const { width, height } = this.context.canvas;
    this.fill(colour);
    this.context.fillRect(-1, -1, width / this.ratio + 2, height / this.ratio + 2);
  }

  fill(colour: string): void {
    this.context.fillStyle = colour;
  }

  /** Rounds a box to device pixels, as browsers do. */
  snapped({ left, top, width, height }: Room): Room {
    const x = this.dot(left, this.x);
    const y = this.dot(top, this.y);
    return {
      left: x,
      top: y,
      width: this.dot(left + width, this.x) - x,
      height: this.dot(top + height, this.y) - y,
    };
  }

  box(room: Room, radius: number): void {
    const { left, top, width, height } = this.snapped(room);
    this.context.beginPath();
    this.context.roundRect(left, top, width, height, radius);
    this.context.fill();
  }

  bar(left: number, top: number, width: number, height: number): void {
    this.context.fillRect(left, top, width, height);
  }

  write(text: string, left: number, top: number, look: TextStyle): void {
    this.take(look);
    this.fill(look.colour);
    this.context.fillText(text, left, top + look.baseline);
  }

  widthOf(text: string, look: TextStyle): number {
    this.take(look);
    const wide = this.known.get(text) ?? this.context.measureText(text).width;
    this.known.set(text, wide);
    return wide;
  }

  /**
   * Returns as much of a text as fits, with an ellipsis if it is cut. Its parts may have different
   * styles.
   */
  fitted(parts: readonly Part[], room: number, more: TextStyle): readonly Part[] {
    const wide = parts.reduce((sum, { text, look }) => sum + this.widthOf(text, look), 0);
    if (wide <= room) return parts;
    const sign = { text: "…", look: more };
    let left = room - this.widthOf(sign.text, more);
    const shown: Part[] = [];
    for (const { text, look } of parts) {
      const letters = [...text];
      while (letters.length > 0 && this.widthOf(letters.join(""), look) > left) letters.pop();
      const shortened = letters.join("");
      shown.push({ text: shortened, look });
      left -= this.widthOf(shortened, look);
      if (shortened !== text) break;
    }
    return [...shown, sign];
  }

  private dot(at: number, begin: number): number {
    return (Math.round(at * this.ratio + begin) - begin) / this.ratio;
  }

  /**
   * Sets the font. Texts of the same style should be drawn in sequence, because changing the font
   * is slow.
   */
  private take({ font, spacing }: TextStyle): void {
    if (this.taken?.font === font && this.taken.spacing === spacing) return;
    this.taken = { font, spacing };
    this.context.font = font;
    this.context.letterSpacing = spacing;
    const known = this.widths.get(font + spacing) ?? new Map<string, number>();
    this.widths.set(font + spacing, known);
    this.known = known;
  }
}

export interface Part {
  readonly text: string;
  readonly look: TextStyle;
}
