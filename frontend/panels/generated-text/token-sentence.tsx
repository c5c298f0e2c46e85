import type { Candidate } from "@/lib/contract";
import type { TokenFrame } from "@/lib/contract/frames";
import { formatShare } from "@/lib/i18n/numbers";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { shortLabel, visible } from "@/lib/text/characters";
import { useFork } from "@/panels/fork-context";
import { words as topPredictionsWords } from "@/panels/top-predictions/words";
import { words } from "./words";

/** The probability of the likeliest token from which the model is called certain, or not torn. */
const CERTAIN = 0.9;
const LIKELY = 0.5;

/** How many other tokens are offered, and how likely each must be. */
const OFFERED = 5;
const LEAST_OFFERED = 0.001;

interface TokenSentenceProps {
  run: RunRecord;
  frame: TokenFrame;
}

/**
 * What the model expected at a token, as a sentence. When the run rests, buttons continue with
 * another token.
 */
export function TokenSentence({ run, frame }: TokenSentenceProps) {
  const fork = useFork();
  const others = frame.top.filter(({ id, prob }) => id !== frame.id && prob >= LEAST_OFFERED);
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-1.5 text-small max-sm:min-h-[4.25rem]">
      <p className="min-w-0 font-medium max-sm:py-1.5">{sentenceOf(frame)} </p>
      {fork && !isBusy(run) && others.length > 0 && (
        <div data-alternatives className="flex min-w-0 flex-wrap items-center gap-x-1.5 gap-y-1">
          <span>{words.sentence.choose}</span>
          {others.slice(0, OFFERED).map((other) => (
            <button
              key={other.id}
              type="button"
              aria-label={topPredictionsWords.forkLabel(visible(other.text))}
              title={topPredictionsWords.forkHint}
              onClick={() => fork(frame.index, other)}
              className="flex min-h-7 max-w-44 nth-[n+6]:present:hidden shrink-0 cursor-pointer items-center gap-1.5 rounded-md border border-edge bg-sheet px-2 hover:bg-well"
            >
              <span className="truncate font-serif text-base">{shortLabel(other.text)}</span>
              <span className="figures text-micro text-quiet">{formatShare(other.prob)}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Returns the text of a token without the mark of a leading space. */
const quoted = (candidate: Pick<Candidate, "text" | "prob">): string =>
  `${words.sentence.quoted(shortLabel(candidate.text))} ${formatShare(candidate.prob)}`;

export function sentenceOf({ label, prob, rank, forced, top }: TokenFrame): string {
  const chosen = quoted({ text: label, prob });
  if (Number.isNaN(prob)) return words.sentence.unknown(words.sentence.quoted(shortLabel(label)));
  const [first, second] = top;
  if (first && forced) return words.sentence.forced(chosen, quoted(first));
  if (first && rank > 0) return words.sentence.drew(chosen, quoted(first));
  if (prob >= CERTAIN || !second) return words.sentence.certain(chosen);
  return prob >= LIKELY
    ? words.sentence.expects(chosen, quoted(second))
    : words.sentence.hesitates(chosen, quoted(second));
}
