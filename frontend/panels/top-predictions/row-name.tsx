import { TokenLabel } from "@/components/tokens/token-label";
import type { Candidate } from "@/lib/contract";
import type { TokenFrame } from "@/lib/contract/frames";
import { useFork } from "@/panels/fork-context";
import { ForkButton } from "./fork-button";
import { indexOfChosen } from "./rows";
import { words } from "./words";

export const SAID_CLASS = "font-semibold";
export const CUT_CLASS = "text-quiet";

interface RowNameProps {
  frame: TokenFrame;
  place: number;
  candidate: Candidate;
}

/** A candidate's name, as a button if the run can be forked. */
export function RowName({ frame, place, candidate }: RowNameProps) {
  const fork = useFork();
  const { text: label, cut_by: cutBy } = candidate;
  const said = candidate.id === frame.id;
  const name = (
    <span className="block w-[calc(var(--name)-1.75rem)] text-left">
      <span data-room className="contain-strict block h-5 truncate leading-5">
        <TokenLabel label={label} className={said ? SAID_CLASS : cutBy ? CUT_CLASS : ""} />
        {said && <span className="sr-only">{words.said}</span>}
      </span>
    </span>
  );
  return (
    <span className="flex h-5 items-center gap-1">
      {fork ? (
        <ForkButton
          label={label}
          said={said}
          // All rows are one tab stop; arrow keys move between them.
          reachable={place === (indexOfChosen(frame) === 0 ? 1 : 0)}
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
