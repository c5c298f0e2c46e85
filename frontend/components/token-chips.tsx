import { memo } from "react";
import type { PromptToken } from "@/lib/contract";
import type { TokenFrame } from "@/lib/run/frames";
import { text } from "@/lib/text";
import { visible } from "@/lib/text/characters";
import { formatPercent } from "@/lib/text/numbers";
import { TokenChip } from "./token-chip";

/** Tokens drawn together: showing another one touches two such groups and not all of a long text. */
const GROUP = 32;

interface TokenChipsProps {
  prompt: readonly PromptToken[];
  frames: readonly TokenFrame[];
  /** The same list grows. */
  count: number;
  step: number;
}

/** The running text, a chip a token. */
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
      description={text.token.describePrompt(visible(token.text))}
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
  /** Of the first generated token, prompt tokens included. */
  place: number;
  /** The one of them that is shown, or the newest of all, if they are among them. */
  shown: number | null;
  newest: number | null;
}

const ChipGroup = memo(function ChipGroup(props: ChipGroupProps) {
  const { frames, begin, end, place, shown, newest } = props;
  return frames
    .slice(begin, end)
    .map((frame) => (
      <TokenChip
        key={frame.index}
        place={place + frame.index}
        written={frame.text}
        label={frame.label}
        description={text.token.describe(
          visible(frame.label),
          `${formatPercent(frame.prob)} %`,
          frame.rank,
        )}
        prob={frame.prob}
        kind="generated"
        shown={frame.index === shown}
        newest={frame.index === newest}
        reachable={frame.index === shown}
      />
    ));
});
