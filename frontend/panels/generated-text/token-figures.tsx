import { TokenLabel } from "@/components/tokens/token-label";
import { words as tokensWords } from "@/components/tokens/words";
import type { PromptToken } from "@/lib/contract";
import type { TokenFrame } from "@/lib/contract/frames";
import { formatCount, formatMeasure, formatPercent } from "@/lib/i18n/numbers";
import { words as topPredictionsWords } from "@/panels/top-predictions/words";

export type Figured =
  | { readonly kind: "generated"; readonly frame: TokenFrame; readonly forked: boolean }
  | { readonly kind: "prompt"; readonly token: PromptToken };

/** Shows the measurements of one token. */
export function TokenFigures({ of }: { of: Figured }) {
  const label = of.kind === "prompt" ? of.token.text : of.frame.label;
  return (
    <dl className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 text-xs">
      <dt className="sr-only">{topPredictionsWords.token}</dt>
      <dd className="max-w-40 truncate font-semibold text-ink">
        <TokenLabel label={label} />
      </dd>
      {figuresOf(of).map(([name, value]) => (
        <div key={name} className="flex items-baseline gap-1.5">
          <dt className="text-quiet">{name}</dt>
          <dd className="figures text-ink">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function figuresOf(of: Figured): [string, string][] {
  const words = tokensWords;
  if (of.kind === "prompt") {
    const { id, logprob, entropy } = of.token;
    return [
      [words.prompt, ""],
      [words.id, String(id)],
      [words.probability, logprob === null ? "–" : `${formatPercent(Math.exp(logprob))} %`],
      [words.logprob, formatMeasure(logprob)],
      [words.entropy, entropy === null ? "–" : `${formatMeasure(entropy)} ${words.nats}`],
    ];
  }
  const { id, prob, logprob, rank, entropy, entropyBound, forced } = of.frame;
  return [
    [words.id, id < 0 ? "–" : String(id)],
    [words.probability, `${formatPercent(prob)} %`],
    [words.logprob, formatMeasure(logprob)],
    [words.rank, Number.isNaN(rank) ? "–" : formatCount(rank)],
    entropyBound === undefined
      ? [words.entropy, `${formatMeasure(entropy)} ${words.nats}`]
      : [words.entropyBound, `${formatMeasure(entropyBound)} ${words.nats}`],
    ...(forced ? ([[of.forked ? words.forked : words.forced, ""]] as [string, string][]) : []),
  ];
}
