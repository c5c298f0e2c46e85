import { classNames } from "@/components/ui/class-names";
import { formatPercent } from "@/lib/i18n/numbers";
import { words } from "./words";

/** The smallest change that is shown: half of the last digit. */
const STILL = 0.0005;

interface ShareProps {
  prob: number;
  /** The probability in the column before this one; null in the first column. */
  before: number | null;
  said?: boolean;
}

/**
 * Shows a probability, its bar from 0 to 100 %, a mark at the probability before, and the direction
 * of the change.
 */
export function Share({ prob, before, said }: ShareProps) {
  const change = before === null || Math.abs(prob - before) < STILL ? 0 : Math.sign(prob - before);
  return (
    <span className="block">
      <span className="figures flex justify-between text-xs leading-4">
        <span>{formatPercent(prob)} %</span>
        {change !== 0 && (
          <span className="text-[0.625rem] present:text-micro text-quiet">
            <span aria-hidden>{change > 0 ? "▲" : "▼"}</span>
            <span className="sr-only">{change > 0 ? words.grew : words.fell}</span>
          </span>
        )}
      </span>
      <span aria-hidden className="relative block h-1.5 rounded-[1px] bg-well">
        <span
          className={classNames(
            "absolute inset-0 origin-left rounded-[1px]",
            said ? "bg-accent" : "bg-data",
          )}
          style={{ transform: `scaleX(${prob})` }}
        />
        {change !== 0 && before !== null && (
          <span
            className="absolute -top-px -bottom-px w-px bg-ink/70"
            style={{ left: `${before * 100}%` }}
          />
        )}
      </span>
    </span>
  );
}
