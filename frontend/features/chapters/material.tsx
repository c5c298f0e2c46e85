"use client";

import { type ComponentType, useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { showRecording } from "@/features/first-recording/play-recording";
import { useRunAgain } from "@/features/panel-layout/use-run-again";
import type { Chapter } from "@/lib/chapters/chapters";
import { noteSolved } from "@/lib/chapters/progress";
import { branchOf, recordOf } from "@/lib/run/branches";
import { missingCaptures } from "@/lib/run/captures";
import { useRunContext, useRunState, useSession } from "@/lib/run/run-context";
import { isBusy } from "@/lib/run/run-record";
import { currentStep } from "@/lib/run/run-store";
import type { Session } from "@/lib/run/session";
import { readAddress } from "@/lib/url-state/address-bar";
import type { TaskProps } from "./task";
import { BuildUpTask } from "./tasks/build-up";
import { DecideTask } from "./tasks/decide";
import { DrawTask } from "./tasks/draw";
import { GuessTask } from "./tasks/guess";
import { LearnTask } from "./tasks/learn";
import { LookBackTask } from "./tasks/look-back";
import { words } from "./words";

/** A prompt for an empty page, in the language of the embedded model. */
const EXAMPLE = "Once upon a time, there was a little";

interface Kind {
  readonly Task: ComponentType<TaskProps>;
  /** The probes that it needs. */
  readonly needs: readonly string[];
}

const KINDS: Readonly<Record<Exclude<Chapter, "learn">, Kind>> = {
  guess: { Task: GuessTask, needs: ["predictions", "distribution"] },
  "look-back": { Task: LookBackTask, needs: ["attention_sources"] },
  "build-up": { Task: BuildUpTask, needs: ["logit_lens"] },
  decide: { Task: DecideTask, needs: [] },
  draw: { Task: DrawTask, needs: ["predictions"] },
};

interface MaterialProps {
  chapter: Chapter;
  /** Called with whether the page has what the chapter is about. */
  onReady: (ready: boolean) => void;
}

/** The task of a chapter, or how the page gets a run with the measurements that it needs. */
export function Material({ chapter, onReady }: MaterialProps) {
  if (chapter === "learn") {
    return <LearnTask onSolved={() => noteSolved("learn")} onReady={onReady} />;
  }
  return <OfRun key={chapter} chapter={chapter} onReady={onReady} />;
}

function OfRun({ chapter, onReady }: MaterialProps & { chapter: keyof typeof KINDS }) {
  const { Task, needs } = KINDS[chapter];
  const run = useRunState((state) => state.run);
  const step = useRunState(currentStep);
  const { store } = useRunContext();
  const busy = isBusy(run);
  const missing = missingCaptures(needs, run.start, undefined);
  const isReady = !busy && run.frames.length > 0 && missing.length === 0;
  useEffect(() => onReady(isReady), [isReady, onReady]);
  if (busy) return <p className="mt-3 text-quiet text-small">{words.waiting}</p>;
  if (run.frames.length === 0) return <NoRun />;
  if (missing.length > 0) return <NotMeasured missing={missing} trained={run.trained !== null} />;
  return (
    <Task
      // Another run has another task.
      key={run.start?.runId}
      run={run}
      step={step}
      select={store.select}
      onSolved={() => noteSolved(chapter)}
    />
  );
}

/**
 * An empty page: offers to run the link's prompt if it has one. Otherwise shows the recording that
 * comes with the site, or else offers an example.
 */
function NoRun() {
  const [hasPrompt] = useState(() => readAddress().has("prompt"));
  return hasPrompt ? <LinkedPrompt /> : <Recording />;
}

function LinkedPrompt() {
  const run = () =>
    document.querySelector<HTMLFormElement>("[data-part=settings] form")?.requestSubmit();
  return (
    <div className="mt-3 rounded-lg bg-well px-3 py-2.5 text-small">
      <p>{words.linkedPrompt}</p>
      <Button variant="primary" className="mt-2 h-8" onClick={run}>
        {words.runLinked}
      </Button>
    </div>
  );
}

function Recording() {
  const session = useSession();
  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    const isWanted = () => isEmpty(session);
    void showRecording(session, false, isWanted).then(() => setMissing(isEmpty(session)));
  }, [session]);
  if (!isMissing) {
    return (
      <p role="status" className="mt-3 text-quiet text-small">
        {words.loading}
      </p>
    );
  }
  return (
    <div className="mt-3 text-small">
      <p>{words.noRecording}</p>
      <Button className="mt-2 h-8" onClick={() => session.run({ prompt: EXAMPLE })}>
        {words.runExample}
      </Button>
    </div>
  );
}

const isEmpty = (session: Session): boolean => {
  const { branches, chosen } = session.getState();
  return recordOf(branchOf(branches, chosen)).phase === "idle";
};

function NotMeasured({ missing, trained }: { missing: readonly string[]; trained: boolean }) {
  const session = useSession();
  const runAgain = useRunAgain();
  return (
    <div className="mt-3 rounded-lg bg-well px-3 py-2.5 text-small">
      <p>{trained ? words.ofTraining : words.missing}</p>
      <div className="mt-2 flex flex-wrap gap-2">
        {!trained && (
          <Button variant="primary" className="h-8" onClick={() => runAgain(missing)}>
            {words.measure}
          </Button>
        )}
        <Button className="h-8" onClick={() => void showRecording(session, false, () => true)}>
          {words.showRecording}
        </Button>
      </div>
    </div>
  );
}
