"use client";

import { ChevronRight, RotateCw } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { Button } from "@/components/ui/button";
import { formatMeasure, formatPercent } from "@/lib/i18n/numbers";
import type { RunRecord } from "@/lib/run/run-record";
import { visible } from "@/lib/text/characters";
import { numbersOf } from "@/panels/attention-shared/pattern";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { headSources } from "@/panels/attention-shared/sources";
import { useMeasure } from "@/panels/measure-context";
import { columnAt, factsOf, type HeadPlace, predictedAt } from "./facts";
import { words as partWords } from "./part-words/words";
import { type Part, sourceList } from "./sentences";
import SpotSentence from "./spot-sentence";
import { words } from "./words";

/** What is shown instead of the whole model. */
export interface Zoom {
  readonly layer: number;
  readonly part: Part;
  /** One head of the layer's attention. */
  readonly head?: number;
}

interface PartDetailsProps {
  run: RunRecord;
  step: number;
  zoom: Zoom;
  /** Shows another part; null shows the whole model. */
  onZoom: (zoom: Zoom | null) => void;
}

/** The numbers of one part, with the way back. Escape goes back by one level. */
export default function PartDetails({ run, step, zoom, onZoom }: PartDetailsProps) {
  const path = useRef<HTMLElement>(null);
  const { layer, head, part } = zoom;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows the level
  useEffect(() => {
    path.current?.querySelector<HTMLElement>("[aria-current]")?.focus();
  }, [layer, head, part]);
  const back = () => onZoom(head === undefined ? null : { layer, part: "attention" });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    back();
  };
  const band = { first: layer, last: layer };
  const position = predictedAt(run, step);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape works at every element inside
    <div className="flex h-full flex-col" data-popup onKeyDown={onKeyDown}>
      <nav
        ref={path}
        aria-label={partWords.path}
        className="mb-2 flex flex-wrap items-center gap-1"
      >
        <Step label={partWords.model} onClick={() => onZoom(null)} />
        <Step
          label={partWords.layerName(layer)}
          onClick={() => onZoom({ layer, part: "attention" })}
          current={head === undefined && part !== "mlp"}
        />
        {part === "mlp" && <Step label={words.mlpLegend} current />}
        {head !== undefined && <Step label={partWords.head(head)} current />}
      </nav>
      <p className="mb-2 text-small leading-snug">
        {head === undefined ? (
          <SpotSentence run={run} spot={{ band, part, position }} />
        ) : (
          headSaid(run, step, { layer, head })
        )}
      </p>
      <div className="scroll-thin min-h-0 flex-1 overflow-y-auto">
        {part === "mlp" ? (
          <MlpTable run={run} step={step} layer={layer} />
        ) : head === undefined ? (
          <>
            <HeadTable run={run} step={step} layer={layer} onZoom={onZoom} />
            <MlpRow run={run} step={step} layer={layer} onZoom={onZoom} />
          </>
        ) : (
          <WeightTable run={run} step={step} layer={layer} head={head} />
        )}
      </div>
    </div>
  );
}

interface StepProps {
  label: string;
  onClick?: () => void;
  current?: boolean;
}

function Step({ label, onClick, current = false }: StepProps) {
  return current ? (
    <>
      <ChevronRight size={12} aria-hidden className="text-quiet" />
      <span tabIndex={-1} aria-current="page" className="font-medium text-small">
        {label}
      </span>
    </>
  ) : (
    <>
      {label !== partWords.model && <ChevronRight size={12} aria-hidden className="text-quiet" />}
      <button
        type="button"
        onClick={onClick}
        className="rounded-sm text-quiet text-small underline decoration-rule underline-offset-2 hover:text-ink"
      >
        {label}
      </button>
    </>
  );
}

interface LayerProps {
  run: RunRecord;
  step: number;
  layer: number;
}

const TABLE = "w-full max-w-3xl text-xs";
const CELL = "px-2 py-1 text-left align-baseline";
const LINK = "rounded-sm underline decoration-rule underline-offset-2";

/** What a head reads, in one sentence. */
function headSaid(run: RunRecord, step: number, { layer, head }: HeadPlace): string {
  const frame = run.frames[step];
  const known = frame && headSources(frame, layer).find((each) => each.head === head);
  return known
    ? partWords.headReads(sourceList(run, known.sources))
    : words.headAbsent(layer, head);
}

function HeadTable({ run, step, layer, onZoom }: LayerProps & Pick<PartDetailsProps, "onZoom">) {
  const frame = run.frames[step];
  const heads = frame ? headSources(frame, layer) : [];
  if (heads.length === 0) return null;
  return (
    <table className={TABLE} aria-label={partWords.headsLabel(layer)}>
      <thead className="text-quiet">
        <tr>
          <th className={CELL}>{partWords.headColumns.head}</th>
          <th className={CELL}>{partWords.headColumns.reads}</th>
          <th className={CELL}>{partWords.headColumns.first}</th>
        </tr>
      </thead>
      <tbody>
        {heads.map(({ head, sources: { first, others } }) => (
          <tr key={head} className="border-rule border-t">
            <td className={CELL}>
              <button
                type="button"
                className={LINK}
                onClick={() => onZoom({ layer, part: "attention", head })}
              >
                {partWords.head(head)}
              </button>
            </td>
            <td className={CELL}>{sourceList(run, { first: Number.NaN, others }) || "–"}</td>
            <td className={`${CELL} figures`}>{formatPercent(first)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The layer's other part, below its heads. */
function MlpRow({ run, step, layer, onZoom }: LayerProps & Pick<PartDetailsProps, "onZoom">) {
  const frame = run.frames[step];
  const share = frame ? factsOf(frame, { first: layer, last: layer }).mlp : Number.NaN;
  return (
    <p className="flex max-w-3xl items-baseline gap-4 border-rule border-t px-2 py-1.5 text-xs">
      <button type="button" className={LINK} onClick={() => onZoom({ layer, part: "mlp" })}>
        {words.mlpLegend}
      </button>
      <span>{Number.isNaN(share) ? partWords.noMlp : partWords.mlp(formatMeasure(share))}</span>
    </p>
  );
}

function WeightTable({ run, step, layer, head }: LayerProps & { head: number }) {
  const frame = run.frames[step];
  const shares = frame?.attentionRows;
  if (!frame) return null;
  if (!shares) return <FewWeights />;
  const weights = [...numbersOf(shares, { layer, head }).entries()];
  return (
    <table className={TABLE} aria-label={partWords.weightsLabel(layer, head)}>
      <thead className="text-quiet">
        <tr>
          <th className={CELL}>{partWords.weightColumns.position}</th>
          <th className={CELL}>{partWords.weightColumns.token}</th>
          <th className={CELL}>{partWords.weightColumns.weight}</th>
        </tr>
      </thead>
      <tbody>
        {weights.toReversed().map(([position, share]) => (
          <tr key={position} className="border-rule border-t">
            <td className={`${CELL} figures text-quiet`}>{position}</td>
            <td className={CELL}>
              <bdi>{visible(tokenAt(run, position)?.label ?? "")}</bdi>
            </td>
            <td className={`${CELL} w-1/2`}>
              <Bar share={share} label={formatPercent(share)} colour="bg-attention" />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface BarProps {
  /** The length, from 0 to 1. */
  share: number;
  label: string;
  colour: string;
}

/** A number and its bar. */
function Bar({ share, label, colour }: BarProps) {
  return (
    <span className="flex items-center gap-2">
      <span className="figures min-w-10 shrink-0 text-right">{label}</span>
      <span className="h-2.5 min-w-0 flex-1 rounded-[2px] bg-well">
        <span
          className={`block h-full rounded-[2px] ${colour}`}
          style={{ width: `${share * 100}%` }}
        />
      </span>
    </span>
  );
}

/** How to measure the weights of a head of which only the strongest is known. */
function FewWeights() {
  const measure = useMeasure();
  return (
    <div className="text-small">
      <p className="text-quiet">{partWords.fewWeights}</p>
      {measure && (
        <Button className="mt-3" onClick={() => measure(["attention_rows"])}>
          <RotateCw size={13} aria-hidden />
          {partWords.measureWeights}
        </Button>
      )}
    </div>
  );
}

function MlpTable({ run, step, layer }: LayerProps) {
  const band = { first: layer, last: layer };
  const last = predictedAt(run, step);
  const positions = Array.from({ length: last + 1 }, (_, position) => position);
  const rows = positions.flatMap((position) => {
    const { label, frame } = columnAt(run, position);
    const size = frame?.layers.mlpNorm?.[layer];
    return !frame || size === undefined
      ? []
      : [{ position, label, size, share: factsOf(frame, band).mlp }];
  });
  const largest = Math.max(...rows.map(({ share }) => share || 0));
  return (
    <table className={TABLE} aria-label={partWords.mlpLabel(layer)}>
      <thead className="text-quiet">
        <tr>
          <th className={CELL}>{partWords.mlpColumns.token}</th>
          <th className={CELL}>{partWords.mlpColumns.size}</th>
          <th className={CELL}>{partWords.mlpColumns.share}</th>
        </tr>
      </thead>
      <tbody>
        {rows.toReversed().map(({ position, label, size, share }) => (
          <tr key={position} className="border-rule border-t">
            <td className={`${CELL} ${position === last ? "font-semibold" : ""}`}>
              <bdi>{visible(label)}</bdi>
            </td>
            <td className={`${CELL} figures`}>{formatMeasure(size)}</td>
            <td className={`${CELL} w-1/2`}>
              <Bar
                share={(share || 0) / (largest || 1)}
                label={formatMeasure(share)}
                colour="bg-stream"
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
