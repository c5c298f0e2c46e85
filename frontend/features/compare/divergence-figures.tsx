import type { Common, Divergence } from "@/lib/contract/parse-compare-event";
import { formatCount, formatMeasure, formatPercent } from "@/lib/i18n/numbers";
import { niceMax } from "@/lib/scales/nice";
import { words as layerNormsWords } from "@/panels/layer-norms/words";
import { formatDivergence } from "./format";
import { extentOf } from "./pair";
import { words as compareWords } from "./words";

interface DivergenceFiguresProps {
  divergence: Divergence | undefined;
  divergences: readonly Divergence[];
  common: Common | null;
}

/** Shows the divergence at the shown token, of the predictions and of the layers. */
export function DivergenceFigures({ divergence, divergences, common }: DivergenceFiguresProps) {
  const words = compareWords.figures;
  return (
    <div className="grid gap-px bg-rule md:grid-cols-2">
      <section aria-label={words.predictions} data-terms className="relative bg-sheet px-5 py-4">
        <h2 className="font-semibold text-[0.9375rem]">{words.predictions}</h2>
        <p className="mt-0.5 text-quiet text-small">{words.predictionsHow}</p>
        {common?.klAbsent ? (
          <p className="mt-3 text-small">{common.klAbsent}</p>
        ) : (
          <Predictions divergence={divergence} />
        )}
      </section>
      <section aria-label={words.layers} data-terms className="relative bg-sheet px-5 py-4">
        <h2 className="font-semibold text-[0.9375rem]">{words.layers}</h2>
        <p className="mt-0.5 text-quiet text-small">{words.layersHow}</p>
        {common?.layersAbsent ? (
          <p className="mt-3 text-small">{common.layersAbsent}</p>
        ) : (
          <Layers divergence={divergence} divergences={divergences} />
        )}
      </section>
    </div>
  );
}

function Predictions({ divergence }: { divergence: Divergence | undefined }) {
  const words = compareWords.figures;
  const rank = (value: number | null | undefined) =>
    value === null || value === undefined ? "–" : formatCount(value);
  const rows: [string, string][] = [
    [words.kl, formatDivergence(divergence?.kl)],
    [words.klReverse, formatDivergence(divergence?.klReverse)],
    [words.rank, rank(divergence?.rank)],
    [words.rankReverse, rank(divergence?.rankReverse)],
  ];
  return (
    <>
      <dl className="mt-3 grid grid-cols-2 gap-x-4 gap-y-2 sm:grid-cols-4 md:grid-cols-2 2xl:grid-cols-4">
        {rows.map(([name, value]) => (
          <div key={name} className="flex flex-col-reverse">
            <dt className="text-micro text-quiet">{name}</dt>
            <dd className="figures text-lg leading-6">{value}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-2 min-h-5 text-ink text-xs">
        {divergence && !divergence.sameText && words.otherContext}
      </p>
    </>
  );
}

function Layers({ divergence, divergences }: Omit<DivergenceFiguresProps, "common">) {
  const words = compareWords.figures;
  const distances = divergence?.residDistance;
  const extent = extentOf(divergences);
  const max = extent ? niceMax(Math.max(1e-6, ...extent.high)) : 1;
  const rows = distances ? [...distances] : [];
  if (!distances) return <p className="mt-3 text-quiet text-small">–</p>;
  const summary = rows.map((value, row) => `${nameOf(row, rows.length)}: ${percent(value)}`);
  return (
    <div className="mt-3" role="img" aria-label={words.layersSummary(summary.join(", "))}>
      {rows.map((value, row) => (
        <div key={row} className="flex min-h-4 items-center gap-2">
          <span className="figures w-6 shrink-0 text-right text-micro text-quiet leading-none">
            {rows.length <= 16 || row % 4 === 0 ? nameOf(row, rows.length) : ""}
          </span>
          <span className="relative h-2.5 flex-1 overflow-hidden rounded-[2px] bg-well/60">
            <span
              className="absolute inset-x-0 inset-y-0.5 origin-left bg-data"
              style={{ transform: `scaleX(${Number.isFinite(value) ? value / max : 0})` }}
            />
            <span
              className="absolute inset-y-1 bg-quiet/50"
              style={{
                left: `${((extent?.low[row] ?? 0) / max) * 100}%`,
                width: `${(((extent?.high[row] ?? 0) - (extent?.low[row] ?? 0)) / max) * 100}%`,
              }}
            />
          </span>
          <span className="figures w-14 shrink-0 text-right text-xs leading-none">
            {percent(value)}
          </span>
          <span className="figures w-12 shrink-0 text-right text-quiet text-xs leading-none">
            {formatMeasure(divergence?.residCosine?.[row])}
          </span>
        </div>
      ))}
      <p aria-hidden className="mt-1 flex gap-2 text-micro text-quiet">
        <span className="w-6" />
        <span className="flex-1">{words.scale(percent(max))}</span>
        <span className="w-14 text-right">{words.distance}</span>
        <span className="w-12 text-right">{words.cosine}</span>
      </p>
    </div>
  );
}

const percent = (share: number): string =>
  Number.isFinite(share) ? `${formatPercent(share)} %` : "–";

const nameOf = (row: number, rows: number): string =>
  row === rows - 1 ? layerNormsWords.final : String(row);
