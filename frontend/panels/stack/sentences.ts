import { formatShare } from "@/lib/i18n/numbers";
import type { RunRecord } from "@/lib/run/run-record";
import { shortLabel } from "@/lib/text/characters";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { type Source, type Sources, sourcesOfHead } from "@/panels/attention-shared/sources";
import { answerOf, settledLayer } from "@/panels/logit-lens/settled";
import { type Band, type HeadPlace, type Measured, meanSources, predictedAt } from "./facts";
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
    words.after(
      textUpTo(run, predictedAt(run, step), TAIL),
      shortLabel(frame.label),
      formatShare(frame.prob),
    ),
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
export function headSentence(run: RunRecord, frame: Measured, { layer, head }: HeadPlace): string {
  const sources = sourcesOfHead(frame, layer, head);
  if (!sources) return words.headAbsent(layer, head);
  const list = sourceList(run, sources, sources.others.length);
  return words.oneHeadReads(layer, head, list);
}

/** Returns the end of the text up to this position, of at most `room` characters. */
export function textUpTo(run: RunRecord, last: number, room: number): string {
  let text = "";
  for (let position = last; position >= 0; position--) {
    const token = tokenAt(run, position);
    if (!token || text.length + token.written.length > room) return `…${text.trimStart()}`;
    text = token.written + text;
  }
  return text.trim();
}
