import { useFork } from "@/components/fork-context";
import { TokenLabel } from "@/components/token-label";
import type { Candidate } from "@/lib/contract";
import type { TokenFrame } from "@/lib/run/frames";
import { text } from "@/lib/text";
import { ForkButton } from "./fork-button";
import { placeOfSaid } from "./rows";

export const SAID_CLASS = "font-semibold";
export const CUT_CLASS = "text-quiet";

interface RowNameProps {
  frame: TokenFrame;
  place: number;
  candidate: Candidate;
}

/** A candidate's name; a button where the run can go on with it. */
export function RowName({ frame, place, candidate }: RowNameProps) {
  const fork = useFork();
  const { text: label, cut_by: cutBy } = candidate;
  const said = candidate.id === frame.id;
  const name = (
    <span className="block w-17 text-left">
      <span data-room className="contain-strict block h-5 truncate leading-5">
        <TokenLabel label={label} className={said ? SAID_CLASS : cutBy ? CUT_CLASS : ""} />
        {said && <span className="sr-only">{text.panels.predictions.said}</span>}
      </span>
    </span>
  );
  return (
    <span className="flex h-5 items-center gap-1">
      {fork ? (
        <ForkButton
          label={label}
          said={said}
          // One stop of the tab key for all rows; the arrow keys move between them.
          reachable={place === (placeOfSaid(frame) === 0 ? 1 : 0)}
          onFork={() => fork(frame.index, candidate)}
        >
          {name}
        </ForkButton>
      ) : (
        name
      )}
    </span>
  );
}
