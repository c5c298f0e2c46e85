import { memo } from "react";
import { TokenChip } from "@/components/tokens/token-chip";
import { words } from "@/components/tokens/words";
import type { PromptToken } from "@/lib/contract";
import type { TokenFrame } from "@/lib/contract/frames";
import { formatPercent } from "@/lib/i18n/numbers";
import { isForkedAt } from "@/lib/run/fork";
import { visible } from "@/lib/text/characters";

/**
 * The number of tokens in a memoised group. A step renders two groups instead of the whole text.
 */
const GROUP = 32;

interface TokenChipsProps {
  prompt: readonly PromptToken[];
  frames: readonly TokenFrame[];
  /** The number of frames. The array is appended to in place, so its identity does not change. */
  count: number;
  step: number;
}

/** Renders the tokens of the prompt and of the generated text. */
export function TokenChips({ prompt, frames, count, step }: TokenChipsProps) {
  const groups = Math.ceil(count / GROUP);
  return (
    <>
      <PromptChips prompt={prompt} reachable={count === 0} />
      {Array.from({ length: groups }, (_, group) => {
        const begin = group * GROUP;
        const end = Math.min(count, begin + GROUP);
        return (
          <ChipGroup
            key={begin}
            frames={frames}
            begin={begin}
            end={end}
            place={prompt.length}
            shown={step >= begin && step < end ? step : null}
            newest={end === count ? count - 1 : null}
            forks={forksIn(frames, begin, end)}
          />
        );
      })}
    </>
  );
}

interface PromptChipsProps {
  prompt: readonly PromptToken[];
  reachable: boolean;
}

const PromptChips = memo(function PromptChips({ prompt, reachable }: PromptChipsProps) {
  return prompt.map((token, place) => (
    <TokenChip
      key={place}
      place={place}
      written={token.text}
      label={token.text}
      description={words.describePrompt(visible(token.text))}
      prob={null}
      kind="prompt"
      shown={false}
      newest={false}
      reachable={reachable && place === prompt.length - 1}
    />
  ));
});

interface ChipGroupProps {
  frames: readonly TokenFrame[];
  begin: number;
  end: number;
  /** The position of the first generated token, after the prompt tokens. */
  place: number;
  /** The shown token, and the newest of all, if they are in this group. */
  shown: number | null;
  newest: number | null;
  /** The tokens of this group at which the run was forked, separated by spaces. */
  forks: string;
}

const forksIn = (frames: readonly TokenFrame[], begin: number, end: number): string =>
  frames
    .slice(begin, end)
    .filter(({ index }) => isForkedAt(frames, index))
    .map(({ index }) => index)
    .join(" ");

const ChipGroup = memo(function ChipGroup(props: ChipGroupProps) {
  const { frames, begin, end, place, shown, newest } = props;
  const forks = props.forks.split(" ");
  return frames
    .slice(begin, end)
    .map((frame) => (
      <TokenChip
        key={frame.index}
        place={place + frame.index}
        written={frame.text}
        label={frame.label}
        description={describe(frame, forks.includes(String(frame.index)))}
        prob={Number.isNaN(frame.prob) ? null : frame.prob}
        kind="generated"
        shown={frame.index === shown}
        newest={frame.index === newest}
        reachable={frame.index === shown}
        forked={forks.includes(String(frame.index))}
      />
    ));
});

function describe(frame: TokenFrame, forked: boolean): string {
  const percent = `${formatPercent(frame.prob)} %`;
  const token = words.describe(visible(frame.label), percent, frame.rank);
  return forked ? `${token}, ${words.forked}` : token;
}
