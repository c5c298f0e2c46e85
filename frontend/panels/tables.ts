import type { RunRecord } from "@/lib/run/run-record";
import { NORM_SERIES } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import type { PanelTable } from "./panel";

/** The numbers of the first five panels, as they are on the wire: unrounded, null where none is. */

const number = (value: number | null | undefined): number | null =>
  value === null || value === undefined || !Number.isFinite(value) ? null : value;

/** A row a token of the prompt and of the generated text. */
export function textTable(run: RunRecord): PanelTable {
  const prompt = (run.prompt?.tokens ?? []).map((token, place) => {
    const prob = token.logprob === null ? null : Math.exp(token.logprob);
    return [place, "prompt", token.id, token.text, prob, token.logprob, null, token.entropy];
  });
  const generated = run.frames.map((frame) => [
    prompt.length + frame.index,
    frame.forced ? "forced" : "generated",
    frame.id,
    frame.label,
    frame.prob,
    number(frame.logprob),
    frame.rank,
    frame.entropy,
  ]);
  return { columns: text.panels.text.columns, rows: [...prompt, ...generated] };
}

/** A row a candidate, likeliest first. */
export function predictionsTable(run: RunRecord, step: number): PanelTable {
  const frame = run.frames[step];
  const rows = (frame?.top ?? []).map((candidate, rank) => [
    rank,
    candidate.id,
    candidate.text,
    candidate.logit,
    candidate.prob,
    candidate.sampled_prob,
    candidate.cut_by ?? null,
    candidate.id === frame?.id ? 1 : 0,
  ]);
  return { columns: text.panels.predictions.columns, rows };
}

/** A row a bin of ranks, with the sum up to its end. */
export function distributionTable(run: RunRecord, step: number): PanelTable {
  const edges = run.start?.rankBinEdges ?? [];
  let sum = 0;
  const rows = [...(run.frames[step]?.distribution.rankBins ?? [])].map((share, bin) => {
    sum += share;
    const end = edges[bin + 1];
    return [edges[bin] ?? null, end === undefined ? null : end - 1, share, sum];
  });
  return { columns: text.panels.distribution.columns, rows };
}

/** A row a layer; the residual stream has one more, which is what leaves the last layer. */
export function layersTable(run: RunRecord, step: number): PanelTable {
  const words = text.panels.layers;
  const layers = run.frames[step]?.layers ?? {};
  const count = Math.max(0, ...NORM_SERIES.map((series) => layers[series]?.length ?? 0));
  const blocks = layers.mlpNorm?.length ?? layers.attnNorm?.length ?? count - 1;
  return {
    columns: [words.layer, ...NORM_SERIES.map((series) => words.series[series].hookPoint)],
    rows: Array.from({ length: count }, (_, row) => [
      row >= blocks ? words.final : row,
      ...NORM_SERIES.map((series) => number(layers[series]?.[row])),
    ]),
  };
}

/** A row a layer, a column a head. */
export function attentionTable(run: RunRecord, step: number): PanelTable {
  const words = text.panels.attention;
  const matrix = run.frames[step]?.layers.attnEntropy;
  if (!matrix) return { columns: [words.layer], rows: [] };
  const { rows, columns, values } = matrix;
  return {
    columns: [
      words.layer,
      ...Array.from({ length: columns }, (_, head) => `${words.head} ${head}`),
    ],
    rows: Array.from({ length: rows }, (_, layer) => [
      layer,
      ...[...values.slice(layer * columns, (layer + 1) * columns)].map(number),
    ]),
  };
}
