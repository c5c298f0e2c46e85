import { formatMeasure, formatShare } from "@/lib/i18n/numbers";
import { promptLength, type RunRecord } from "@/lib/run/run-record";
import { visible } from "@/lib/text/characters";
import { columnAt, factsOf, type HeadPlace, sourcesOf } from "./facts";
import { words as partWords } from "./part-words/words";
import { bandName, headSentence, type Spot, sourceList } from "./sentences";

interface SpotSentenceProps {
  run: RunRecord;
  spot: Spot;
  /** The head whose arcs are shown. */
  head?: HeadPlace | null;
}

/** One sentence about a part of the picture. */
export default function SpotSentence({ run, spot, head = null }: SpotSentenceProps) {
  return sentenceOf(run, spot, head);
}

/**
 * Returns one sentence about a part of the picture, with its numbers; where the arcs are those of a
 * chosen head, one more about it.
 */
function sentenceOf(run: RunRecord, spot: Spot, head: HeadPlace | null): string {
  const { band, part, position } = spot;
  const { frame, label } = columnAt(run, position);
  if (!frame) return partWords.notMeasured(visible(label));
  const place = band.first === band.last ? partWords.place : partWords.places;
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
    return Number.isNaN(facts.mlp) ? partWords.noMlp : partWords.mlp(formatMeasure(facts.mlp));
  }
  if (part === "attention") {
    if (Number.isNaN(facts.attn)) return partWords.noAttention;
    const added = partWords.attention(formatMeasure(facts.attn));
    const sources = sourcesOf(frame, band);
    if (!sources) return added;
    const list = sourceList(run, sources);
    const reads = sources.largest ? partWords.readsInOneLayer : partWords.reads;
    return `${added} ${sources.others.length > 0 ? reads(list) : partWords.readsNothing}`;
  }
  const stream = partWords.stream(formatMeasure(facts.before), formatMeasure(facts.after));
  if (!facts.lens) return stream;
  const { label, prob, rank } = facts.lens;
  const lens = position + 1 < promptLength(run) ? partWords.lensInPrompt : partWords.lens;
  return `${stream}; ${lens(visible(label), formatShare(prob), String(rank))}`;
}
