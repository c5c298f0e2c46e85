"use client";

import type { CSSProperties } from "react";
import { LayerScroll } from "@/components/charts/layer-scroll";
import { useElementSize } from "@/components/hooks/use-element-size";
import { TokenLabel } from "@/components/tokens/token-label";
import { words as tokensWords } from "@/components/tokens/words";
import { classNames } from "@/components/ui/class-names";
import type { LensRow, TokenFrame } from "@/lib/contract/frames";
import { formatCount, formatPercent } from "@/lib/i18n/numbers";
import { words as topPredictionsWords } from "@/panels/top-predictions/words";
import { settledLayer } from "./settled";
import { words as logitLensWords } from "./words";

interface LensTableProps {
  frame: TokenFrame;
  rows: readonly (LensRow | null)[];
}

/**
 * The limits of a row's height and the height of the header, in pixels. If rows do not fit, the
 * table scrolls.
 */
const ROW = { least: 17, most: 26, head: 26 };

/** One row per layer, the first at the bottom, with a line along the settled layers. */
export function LensTable({ frame, rows }: LensTableProps) {
  const settled = settledLayer(rows);
  const [region, { height }] = useElementSize<HTMLDivElement>();
  const fitting = (height - ROW.head) / rows.length;
  const rowHeight = Math.max(ROW.least, Math.min(ROW.most, fitting));
  return (
    <div
      ref={region}
      style={{ "--row": `${rowHeight}px` } as CSSProperties}
      className="-mr-2 flex min-h-0 flex-1"
    >
      <LayerScroll
        layers={rows.length}
        least={ROW.least}
        head={ROW.head}
        label={logitLensWords.tableLabel}
      >
        <table className="mr-2 w-full table-fixed border-separate border-spacing-0 self-start">
          <Head />
          <tbody>
            {rows
              .map((row, layer) => (
                <Row
                  key={layer}
                  layer={layer}
                  row={row}
                  said={row?.id === frame.id}
                  settles={layer === settled}
                  settled={settled !== null && layer >= settled}
                />
              ))
              .reverse()}
          </tbody>
        </table>
      </LayerScroll>
    </div>
  );
}

function Head() {
  const words = logitLensWords;
  const cell = "sticky top-0 z-10 bg-sheet pb-1.5 font-normal text-micro text-quiet";
  return (
    <thead>
      <tr>
        <th scope="col" className={classNames(cell, "w-9 pl-2 text-left")}>
          {words.layer}
        </th>
        <th scope="col" className={classNames(cell, "w-28 pl-1.5 text-left @md:w-36")}>
          {words.token}
        </th>
        <th scope="col" className={classNames(cell, "text-left")}>
          <span className="sr-only">{tokensWords.probability}</span>
        </th>
        <th scope="col" className={classNames(cell, "w-11 text-right")}>
          {words.prob}
        </th>
        <th scope="col" className={classNames(cell, "w-22 pr-1.5 text-right")}>
          {words.rank}
        </th>
      </tr>
    </thead>
  );
}

interface RowProps {
  layer: number;
  row: LensRow | null;
  /** Whether the layer's most likely token is the generated one. */
  said: boolean;
  /** Whether the answer settles at this layer, and whether it has settled here or before. */
  settles: boolean;
  settled: boolean;
}

function Row({ layer, row, said, settles, settled }: RowProps) {
  const words = logitLensWords;
  const edge = settled ? "border-data" : "border-transparent";
  return (
    <tr>
      <th
        scope="row"
        className={classNames(
          "figures h-(--row) border-l-[3px] pl-1 text-left font-normal text-quiet text-xs leading-4",
          edge,
        )}
      >
        {layer}
      </th>
      {row ? (
        <>
          <td className="overflow-hidden pl-1.5">
            <span className="flex items-center gap-1.5">
              <TokenLabel
                label={row.label}
                className={classNames("truncate leading-4", said && "font-semibold")}
              />
              {said && (
                <span
                  title={topPredictionsWords.chosen}
                  className="text-accent text-micro leading-4"
                >
                  <span aria-hidden>◂</span>
                  <span className="sr-only">{topPredictionsWords.said}</span>
                </span>
              )}
              {settles && (
                <span className="rounded-[3px] bg-data-soft px-1 text-ink text-micro leading-[0.9375rem]">
                  {words.settles}
                </span>
              )}
            </span>
          </td>
          <td aria-hidden className="px-2">
            <span className="relative block h-3 overflow-hidden rounded-[2px] bg-well">
              <span
                className={classNames(
                  "absolute inset-0 origin-left",
                  settled ? "bg-data" : "bg-data-soft",
                )}
                style={{ transform: `scaleX(${row.prob})` }}
              />
            </span>
          </td>
          <td className="figures text-right text-xs leading-4">{formatPercent(row.prob)}</td>
          <td className="figures pr-1.5 text-right text-xs leading-4">{formatCount(row.rank)}</td>
        </>
      ) : (
        <td colSpan={4} className="pl-1.5 text-quiet text-xs leading-4">
          {words.none}
        </td>
      )}
    </tr>
  );
}
