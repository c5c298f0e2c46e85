import { readColours } from "@/lib/theme/read-colours";
import { columnsOf, type Series } from "@/lib/timeline/series";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Vertical ranges of tokens, entropy and probability, in pixels from the top. */
export const LANES = {
  tokens: { top: 0, bottom: 10 },
  entropy: { top: 14, bottom: 42 },
  probability: { top: 45, bottom: 60 },
} as const;
export const CURVES_HEIGHT = 60;

/** Width in pixels below which tokens are drawn without gaps. */
const GAP_FROM = 4;

const COLOURS = ["rule", "well", "shade", "data", "data-soft", "edge"] as const;

export type Colours = Readonly<Record<(typeof COLOURS)[number], string>>;

export const curveColours = (): Colours => readColours(COLOURS);

interface Picture {
  readonly series: Series;
  /** Number of tokens that the axis has room for. */
  readonly length: number;
  readonly size: Size;
  readonly colours: Colours;
}

export function paintCurves(canvas: HTMLCanvasElement, picture: Picture): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { size, series, length, colours } = picture;
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(size.width * ratio);
  const height = Math.round(size.height * ratio);
  // Setting the size clears the canvas, even when it does not change.
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  paintGround(context, size, colours);
  if (series.count === 0 || length === 0) return;
  const written = (series.count / length) * size.width;
  paintTokens(context, series, size.width / length, colours);
  const columns = Math.max(1, Math.round(written));
  const entropy = columnsOf(series.entropy, series.count, columns);
  const prob = columnsOf(series.prob, series.count, columns);
  // A line at 0 would say that the model was certain where its entropy is not known.
  const max = series.domain?.max;
  if (max) {
    const { data, "data-soft": soft } = colours;
    paintArea(context, entropy.high, max, LANES.entropy, written, data, soft);
  }
  paintSteps(context, prob.low, LANES.probability, written, colours.shade);
}

function paintGround(context: CanvasRenderingContext2D, { width }: Size, colours: Colours) {
  context.fillStyle = colours.well;
  context.fillRect(0, LANES.tokens.top, width, LANES.tokens.bottom - LANES.tokens.top);
  context.fillStyle = colours.rule;
  context.fillRect(0, LANES.entropy.bottom, width, 1);
  context.fillRect(0, LANES.probability.bottom - 1, width, 1);
}

/** Draws a token as a rectangle in the shade that it has in the text. Prompt tokens are grey. */
function paintTokens(
  context: CanvasRenderingContext2D,
  series: Series,
  wide: number,
  colours: Colours,
) {
  const { top, bottom } = LANES.tokens;
  const gap = wide >= GAP_FROM ? 1 : 0;
  for (let i = 0; i < series.count; i++) {
    context.globalAlpha = series.forced[i] ? 0.5 : 0.12 + 0.88 * (series.prob[i] ?? 0);
    context.fillStyle = series.forced[i] ? colours.edge : colours.shade;
    context.fillRect(i * wide, top, Math.max(wide - gap, 0.5), bottom - top);
  }
  context.globalAlpha = 1;
}

interface Lane {
  readonly top: number;
  readonly bottom: number;
}

/** Draws a line through the centres of the tokens, and fills the area below it. */
function paintArea(
  context: CanvasRenderingContext2D,
  values: Float32Array,
  max: number,
  { top, bottom }: Lane,
  width: number,
  line: string,
  ground: string,
) {
  const wide = width / values.length;
  const y = (value: number) => bottom - Math.min(1, value / max) * (bottom - top);
  context.beginPath();
  context.moveTo(0, y(values[0] ?? 0));
  values.forEach((value, i) => {
    context.lineTo((i + 0.5) * wide, y(value));
  });
  context.lineTo(width, y(values.at(-1) ?? 0));
  context.strokeStyle = line;
  context.lineWidth = 1.25;
  context.lineJoin = "round";
  context.stroke();
  context.lineTo(width, bottom);
  context.lineTo(0, bottom);
  context.closePath();
  context.globalAlpha = 0.4;
  context.fillStyle = ground;
  context.fill();
  context.globalAlpha = 1;
}

/** Draws one column per token. Values are from 0 to 1. */
function paintSteps(
  context: CanvasRenderingContext2D,
  values: Float32Array,
  { top, bottom }: Lane,
  width: number,
  colour: string,
) {
  const wide = width / values.length;
  const gap = wide >= GAP_FROM ? 1 : 0;
  context.fillStyle = colour;
  values.forEach((value, i) => {
    const tall = value * (bottom - top);
    context.fillRect(i * wide, bottom - tall, Math.max(wide - gap, 0.5), tall);
  });
}
