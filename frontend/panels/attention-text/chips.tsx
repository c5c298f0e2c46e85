import { memo } from "react";
import { TokenText } from "@/components/tokens/token-chip";
import type { RunRecord } from "@/lib/run/run-record";
import { tokenAt } from "@/panels/attention-shared/run-tokens";

/** The number of tokens in a memoised block. A full block is never rendered again. */
const BLOCK = 64;

interface ChipsProps {
  run: RunRecord;
  count: number;
}

/** Renders the tokens of a text that only grows. Their shades are drawn on a canvas behind them. */
export function Chips({ run, count }: ChipsProps) {
  return Array.from({ length: Math.ceil(count / BLOCK) }, (_, block) => (
    <Block key={block} run={run} from={block * BLOCK} to={Math.min(count, (block + 1) * BLOCK)} />
  ));
}

interface BlockProps {
  run: RunRecord;
  from: number;
  to: number;
}

const Block = memo(
  function Block({ run, from, to }: BlockProps) {
    return Array.from({ length: to - from }, (_, i) => {
      const token = tokenAt(run, from + i);
      return (
        <span key={i} data-place={from + i} className="attention-chip">
          <TokenText written={token?.written ?? ""} label={token?.label ?? ""} />
        </span>
      );
    });
  },
  (before, after) => before.to === after.to && isSameText(before.run, after.run),
);

const isSameText = (a: RunRecord, b: RunRecord) => a.frames === b.frames && a.prompt === b.prompt;
