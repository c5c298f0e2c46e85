import { useElementSize } from "@/components/hooks/use-element-size";
import type { RunRecord } from "@/lib/run/run-record";
import { useModelShape } from "../model-context";
import { LayerNames } from "./layer-names";
import { AT, layOutStack, NARROW, yOf } from "./layout";
import { circlePath } from "./paths";
import { words } from "./words";

/** How the model is built, before a run has measured anything: without colours, since they are data. */
export function Scheme({ run }: { run: RunRecord }) {
  const [box, size] = useElementSize<HTMLDivElement>();
  const { layers, attends } = useModelShape(run);
  return (
    <div className="flex h-full flex-col">
      <div ref={box} className="contain-strict relative min-h-0 flex-1 basis-0">
        {size.width > 0 && <Drawing size={size} layers={layers} attends={attends} />}
      </div>
      <p className="min-h-8 pt-1 text-quiet text-xs leading-4">{words.scheme(layers)}</p>
    </div>
  );
}

interface DrawingProps {
  size: { readonly width: number; readonly height: number; readonly unit: number };
  layers: number;
  attends: boolean;
}

function Drawing({ size, layers, attends }: DrawingProps) {
  const layout = layOutStack(size, 0, layers, [], null);
  const { unit, bands, bottom, top, width, bandHeight } = layout;
  const left = 42 * unit;
  const x = left + (width - left) / 2;
  const r = Math.min(5 * unit, bandHeight * 0.2);
  const side = 26 * unit;
  const parts: { at: number; share: number }[] = [{ at: x + side, share: AT.mlp }];
  if (attends) parts.push({ at: x - side, share: AT.attention });
  const places = bands.flatMap((_, i) =>
    parts.map(({ at, share }) => ({ at, y: yOf(layout, i, share) })),
  );
  const nodes = places.map(({ at, y }) => circlePath(at, y, r)).join("");
  const ways = places.map(({ at, y }) => `M${at} ${y}H${x}`).join("");
  const lines = bands.map((_, i) => `M${left} ${yOf(layout, i)}H${width}`).join("");
  const last = bands.length - 1;
  const narrow = width < NARROW * unit;
  return (
    <svg aria-hidden="true" className="absolute inset-0 size-full" overflow="hidden">
      <path d={`${lines}M${left} ${top}H${width}`} className="stroke-rule" />
      <path
        d={`M${x} ${bottom}V${top - 26 * unit}`}
        strokeWidth={8 * unit}
        className="stroke-rule"
      />
      <path d={ways} className="stroke-edge/60" />
      <path d={nodes} className="fill-sheet stroke-edge" />
      <LayerNames layout={layout} />
      <g className="fill-quiet text-xs" dominantBaseline="central">
        <text x={x} y={top - 40 * unit} textAnchor="middle">
          {words.schemeParts.prediction}
        </text>
        {attends && (
          <text x={x - side - r - 8 * unit} y={yOf(layout, last, AT.attention)} textAnchor="end">
            {narrow ? words.arcLegend : words.schemeParts.attention}
          </text>
        )}
        <text x={x + side + r + 8 * unit} y={yOf(layout, last, AT.mlp)}>
          {narrow ? words.mlpLegend : words.schemeParts.mlp}
        </text>
        <text x={x} y={bottom + 14 * unit} textAnchor="middle">
          {words.schemeParts.token}
        </text>
      </g>
    </svg>
  );
}
