/** How a text is written; pixels. */
export interface TextLook {
  readonly font: string;
  readonly spacing: string;
  readonly colour: string;
  /** Below the upper edge of what the text stands in. */
  readonly baseline: number;
}

export interface Room {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Draws on a canvas as the page would draw in its place. */
export class Pen {
  /** Where the room begins, from the first dot of the canvas; dots. */
  private readonly x: number;
  private readonly y: number;
  private taken: Pick<TextLook, "font" | "spacing"> | null = null;
  /** By look and text; those of the look that is taken. */
  private readonly widths = new Map<string, Map<string, number>>();
  private known = new Map<string, number>();

  /**
   * Lays the canvas over a room of the box that it is placed in, which itself begins at a dot of the
   * screen: from whole pixel to whole pixel, since in between its dots would be mixed. It has `ratio`
   * dots a pixel, as the screen has.
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

  /** All of the canvas in one colour. */
  ground(colour: string): void {
    const { width, height } = this.context.canvas;
    this.fill(colour);
    this.context.fillRect(-1, -1, width / this.ratio + 2, height / this.ratio + 2);
  }

  fill(colour: string): void {
    this.context.fillStyle = colour;
  }

  /** The page draws boxes from dot to dot. */
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

  write(text: string, left: number, top: number, look: TextLook): void {
    this.take(look);
    this.fill(look.colour);
    this.context.fillText(text, left, top + look.baseline);
  }

  widthOf(text: string, look: TextLook): number {
    this.take(look);
    const wide = this.known.get(text) ?? this.context.measureText(text).width;
    this.known.set(text, wide);
    return wide;
  }

  /** As much of a text of several looks as there is room for, with a sign where that is not all. */
  fitted(parts: readonly Part[], room: number, more: TextLook): readonly Part[] {
    const wide = parts.reduce((sum, { text, look }) => sum + this.widthOf(text, look), 0);
    if (wide <= room) return parts;
    const sign = { text: "…", look: more };
    let left = room - this.widthOf(sign.text, more);
    const shown: Part[] = [];
    for (const { text, look } of parts) {
      const letters = [...text];
      while (letters.length > 0 && this.widthOf(letters.join(""), look) > left) letters.pop();
      const kept = letters.join("");
      shown.push({ text: kept, look });
      left -= this.widthOf(kept, look);
      if (kept !== text) break;
    }
    return [...shown, sign];
  }

  private dot(at: number, begin: number): number {
    return (Math.round(at * this.ratio + begin) - begin) / this.ratio;
  }

  /** Texts of one look are best written one after the other: a font is dear to change. */
  private take({ font, spacing }: TextLook): void {
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
  readonly look: TextLook;
}
