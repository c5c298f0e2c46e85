import { formatPercent } from "@/lib/i18n/numbers";
import type { RunRecord } from "@/lib/run/run-record";
import { shortLabel } from "@/lib/text/characters";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { LEAST_SHARE, type Source, type Sources } from "@/panels/attention-shared/sources";
import { type HeadPlace, type Measured, shownSources } from "./facts";
import { AT, type StackLayout, yOf } from "./layout";
import { arcWidth, FAINT } from "./paths";
import { CHARACTER, cut, tokenRoom } from "./picture-text";
import { textUpTo } from "./sentences";

/** The height of a name, how many a band has at most, and the room for a percentage, in pixels. */
const NAME = 14;
const MOST = 3;
const SHARE = 56;
/** Where the layers' names end, and the distance from the names of the sources to the column. */
const LEFT = 46;
const REACH = 30;

interface SingleColumnProps {
  run: RunRecord;
  layout: StackLayout;
  frame: Measured;
  head: HeadPlace | null;
}

/** What stands at the left of the only column: the tokens that each band reads, and the text. */
export default function SingleColumn({ run, layout, frame, head }: SingleColumnProps) {
  return (
    <>
      {layout.bands.map((band, i) => {
        const { sources, isFaint } = shownSources(frame, band, head);
        if (!sources) return null;
        return (
          <g key={band.first} opacity={isFaint ? FAINT : 1}>
            <NamedSources run={run} layout={layout} index={i} sources={sources} />
          </g>
        );
      })}
      <TextBefore run={run} layout={layout} />
    </>
  );
}

/** The end of the text before the shown token, which stands below its column. */
function TextBefore({ run, layout }: { run: RunRecord; layout: StackLayout }) {
  const { unit, x, bottom, places } = layout;
  const [only] = places;
  if (only?.kind !== "token") return null;
  const label = shortLabel(tokenAt(run, only.position)?.label ?? "");
  const characters = Math.min([...label].length, tokenRoom(layout));
  const right = x - ((characters * CHARACTER.serif) / 2 + 6) * unit;
  const room = Math.floor(right / (CHARACTER.serif * unit));
  return (
    <text
      x={right}
      y={bottom + 17 * unit}
      textAnchor="end"
      className="fill-quiet font-serif text-[0.9375rem]"
    >
      {textUpTo(run, only.position - 1, room).trimEnd()}
    </text>
  );
}

interface NamedSourcesProps {
  run: RunRecord;
  layout: StackLayout;
  index: number;
  sources: Sources;
}

/** The tokens that a band reads, by name, with an arc from each. */
function NamedSources({ run, layout, index, sources }: NamedSourcesProps) {
  const { unit, x, bandHeight } = layout;
  const named = namedOf(sources, Math.min(MOST, Math.floor(bandHeight / (NAME * unit))));
  const right = x - REACH * unit;
  const room = Math.max(2, Math.floor((right - (LEFT + SHARE) * unit) / (CHARACTER.small * unit)));
  const end = yOf(layout, index, AT.attention);
  return named.map((source, row) => {
    const { position, share } = source;
    const y = yOf(layout, index, 0.5) + (row - (named.length - 1) / 2) * NAME * unit;
    const from = right + 4 * unit;
    const middle = (from + x) / 2;
    const isFirst = position === 0;
    return (
      <g key={position}>
        <path
          d={`M${from} ${y}C${middle} ${y} ${middle} ${end} ${x} ${end}`}
          fill="none"
          strokeLinecap="round"
          strokeWidth={isFirst ? 1.25 : arcWidth(share)}
          strokeDasharray={isFirst ? "2 4" : undefined}
          className={isFirst ? "stroke-edge/60" : "stroke-attention"}
          opacity={isFirst ? 1 : 0.85}
        />
        <text
          x={right}
          y={y}
          textAnchor="end"
          dominantBaseline="central"
          className={isFirst ? "fill-quiet text-xs" : "fill-ink text-xs"}
        >
          {cut(shortLabel(tokenAt(run, position)?.label ?? ""), room)}
          <tspan className="figures fill-quiet text-micro" dx={5 * unit}>
            {formatPercent(share)}
            {"\u00a0%"}
          </tspan>
        </text>
      </g>
    );
  });
}

/** Returns the strongest sources, and the first token if there is room for one more. */
function namedOf({ first, others }: Sources, room: number): readonly Source[] {
  const named = others.slice(0, Math.max(1, room));
  return first >= LEAST_SHARE && named.length < Math.max(1, room)
    ? [...named, { position: 0, share: first }]
    : named;
}
