import { formatMeasure, formatShare } from "@/lib/i18n/numbers";
import { promptLength, type RunRecord } from "@/lib/run/run-record";
import { shortLabel, visible } from "@/lib/text/characters";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { type Source, type Sources, sourcesOfHead } from "@/panels/attention-shared/sources";
import { answerOf, settledLayer } from "@/panels/logit-lens/settled";
import {
  type Band,
  columnAt,
  factsOf,
  type HeadPlace,
  type Measured,
  meanSources,
  predictedAt,
  sourcesOf,
} from "./facts";
import { words } from "./words";

/** The parts of a band, in the order in which the model computes them. */
export const PARTS = ["attention", "mlp", "stream"] as const;
export type Part = (typeof PARTS)[number];

/** A part of the picture. */
export interface Spot {
  readonly band: Band;
  readonly part: Part;
  readonly position: number;
}

export const bandName = ({ first, last }: Band): string =>
  first === last ? String(first) : `${first}–${last}`;

const quoted = (run: RunRecord, { position, share }: Source): string =>
  words.source(shortLabel(tokenAt(run, position)?.label ?? ""), formatShare(share));

/** Returns the sources of attention as a list in words; the first token last. */
export function sourceList(run: RunRecord, { first, others }: Sources, count = 3): string {
  const named = others.slice(0, count).map((source) => quoted(run, source));
  return Number.isFinite(first)
    ? [...named, words.firstToken(formatShare(first))].join(", ")
    : named.join(", ");
}

/**
 * Returns one sentence about a part of the picture, with its numbers; where the arcs are those of a
 * chosen head, one more about it.
 */
export function sentenceOf(run: RunRecord, spot: Spot, head: HeadPlace | null = null): string {
  const { band, part, position } = spot;
  const { frame, label } = columnAt(run, position);
  if (!frame) return words.notMeasured(visible(label));
  const place = band.first === band.last ? words.place : words.places;
  const sentence = `${place(bandName(band), visible(label))}: ${partSentence(run, spot)}.`;
  const isOfHead =
    head && part === "attention" && band.first <= head.layer && head.layer <= band.last;
  // Heads are measured at generated tokens only.
  return isOfHead && position + 1 >= promptLength(run)
    ? `${sentence} ${headSentence(run, frame, head)}`
    : sentence;
}

function partSentence(run: RunRecord, { band, part, position }: Spot): string {
  const { frame } = columnAt(run, position);
  if (!frame) return "";
  const facts = factsOf(frame, band);
  if (part === "mlp") {
    return Number.isNaN(facts.mlp) ? words.noMlp : words.mlp(formatMeasure(facts.mlp));
  }
  if (part === "attention") {
    if (Number.isNaN(facts.attn)) return words.noAttention;
    const added = words.attention(formatMeasure(facts.attn));
    const sources = sourcesOf(frame, band);
    if (!sources) return added;
    const list = sourceList(run, sources);
    const reads = sources.largest ? words.readsInOneLayer : words.reads;
    return `${added} ${sources.others.length > 0 ? reads(list) : words.readsNothing}`;
  }
  const stream = words.stream(formatMeasure(facts.before), formatMeasure(facts.after));
  if (!facts.lens) return stream;
  const { label, prob, rank } = facts.lens;
  const lens = position + 1 < promptLength(run) ? words.lensInPrompt : words.lens;
  return `${stream}; ${lens(visible(label), formatShare(prob), String(rank))}`;
}

/** How much of the text before the token the headline repeats, in characters. */
const TAIL = 36;

/** Returns what the picture shows in two or three sentences; the last is about attention. */
export function headlineOf(
  run: RunRecord,
  step: number,
  head: HeadPlace | null = null,
): readonly string[] {
  const frame = run.frames[step];
  if (!frame) return [];
  const sentences = [
    words.after(tailOf(run, step), shortLabel(frame.label), formatShare(frame.prob)),
  ];
  const rows = frame.logitLens;
  const settled = rows ? settledLayer(rows) : null;
  const answer = rows && answerOf(rows);
  if (rows && answer && settled !== null) {
    const label = shortLabel(answer.label);
    const first = rows.findIndex((row) => row !== null);
    sentences.push(settled === first ? words.settledAtOnce(label) : words.settled(settled, label));
  }
  if (head) return [...sentences, headSentence(run, frame, head)];
  const [one, two] = meanSources(frame)?.others.map((source) => quoted(run, source)) ?? [];
  if (one) sentences.push(words.readMost(two ? words.and(one, two) : one));
  return sentences;
}

/** Says what one head reads. */
function headSentence(run: RunRecord, frame: Measured, { layer, head }: HeadPlace): string {
  const sources = sourcesOfHead(frame, layer, head);
  if (!sources) return words.headAbsent(layer, head);
  const list = sourceList(run, sources, sources.others.length);
  return words.oneHeadReads(layer, head, list);
}

function tailOf(run: RunRecord, step: number): string {
  let text = "";
  for (let position = predictedAt(run, step); position >= 0; position--) {
    const token = tokenAt(run, position);
    if (!token || text.length + token.written.length > TAIL) return `…${text.trimStart()}`;
    text = token.written + text;
  }
  return text.trim();
}
