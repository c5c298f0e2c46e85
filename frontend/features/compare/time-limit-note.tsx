"use client";

import { RotateCw, Timer } from "lucide-react";
import { Button } from "@/components/ui/button";
import { words } from "./words";

interface TimeLimitNoteProps {
  /** The tokens of the shorter run when the time limit ended the comparison. */
  tokens: number;
  /** Compares again with this number of tokens. */
  onAgain: (tokens: number) => void;
}

/** Says that the server's time limit ended a comparison, and offers a shorter one. */
export function TimeLimitNote({ tokens, onAgain }: TimeLimitNoteProps) {
  // A little less, since the next comparison may be slower.
  const fewer = Math.floor(0.9 * tokens);
  return (
    <div role="status" className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-2 text-small">
      <Timer size={15} aria-hidden className="shrink-0 text-quiet" />
      <p className="min-w-60 max-w-[72ch] flex-1">{words.timeLimit(tokens)}</p>
      {fewer > 0 && (
        <Button onClick={() => onAgain(fewer)}>
          <RotateCw size={13} aria-hidden />
          {words.fewer(fewer)}
        </Button>
      )}
    </div>
  );
}
