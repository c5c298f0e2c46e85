import { classNames } from "@/components/ui/class-names";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { words as panelsWords } from "./words";

interface NotMeasuredProps {
  run: RunRecord;
  /** The name of the missing probe. */
  probe: string;
}

/** Shown in a panel that has no numbers for a token: explains why and what to do. */
export function NotMeasured({ run, probe }: NotMeasuredProps) {
  const words = panelsWords.notMeasured;
  const captured = run.start?.probes.some(({ name }) => name === probe);
  const waiting = run.phase === "idle" || (run.frames.length === 0 && (captured || !run.start));
  return (
    <div
      className={classNames(
        "flex h-full min-h-32 flex-col items-center justify-center gap-1 rounded-[3px] bg-well/50 px-6 text-center text-quiet text-small",
        waiting && isBusy(run) && "breathing",
      )}
    >
      {waiting ? (
        <p>{words.waiting}</p>
      ) : (
        <>
          <p className="text-ink">{words.title}</p>
          <p className="max-w-[44ch]">{words.again}</p>
        </>
      )}
    </div>
  );
}
