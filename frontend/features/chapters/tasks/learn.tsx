"use client";

import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { Button } from "@/components/ui/button";
import { shownPlace, type Training } from "@/features/training/training-store";
import { trainingOf } from "@/features/training/trainings";
import { useTrainings } from "@/features/training/use-trainings";
import { formatNats } from "@/lib/i18n/numbers";
import { useRunContext } from "@/lib/run/run-context";
import { firstBelow, lossLimit } from "../checks";
import { Curve } from "../curve";
import { type Answer, TaskLayout } from "../task";
import { words } from "../words";

interface LearnTaskProps {
  onSolved: () => void;
  onReady: (ready: boolean) => void;
}

/** The training that the page shows, or a button that opens the one that comes with the site. */
export function LearnTask({ onSolved, onReady }: LearnTaskProps) {
  const { store } = useRunContext();
  const trainings = useTrainings();
  const training = trainingOf(store);
  const isReady = training !== null;
  useEffect(() => onReady(isReady), [isReady, onReady]);
  if (training) return <OfTraining training={training} onSolved={onSolved} />;
  return (
    <div className="mt-3 rounded-lg bg-well px-3 py-2.5 text-small">
      <p>{words.chapters.learn.taskOfAny}</p>
      <Button
        variant="primary"
        className="mt-2 h-auto min-h-8 py-1.5"
        onClick={() => void trainings.example(false)}
      >
        {words.learnTask.open}
      </Button>
    </div>
  );
}

function OfTraining({ training, onSolved }: { training: Training; onSolved: () => void }) {
  const state = useStore(training);
  const [checked, setChecked] = useState<number | null>(null);
  const { moments, following } = state;
  if (following === "reading" || following === "waiting") {
    return <p className="mt-3 text-quiet text-small">{words.loading}</p>;
  }
  const limit = lossLimit(moments);
  const shown = moments[shownPlace(state)];
  const place = limit === null ? -1 : firstBelow(moments, limit);
  const answer = moments[place];
  const { learnTask } = words;
  if (limit === null || !shown || !answer) {
    return <p className="mt-3 text-small">{learnTask.none}</p>;
  }
  const lossOf = (moment: { loss: number | null }) =>
    moment.loss === null ? "–" : formatNats(moment.loss);
  const shownLoss = shown.loss === null ? null : formatNats(shown.loss);
  const measured = moments.filter(({ loss }) => loss !== null);
  const answerAt = (index: number): Answer | null => {
    const moment = moments[index];
    if (!moment) return null;
    if (index === place) {
      return { solved: true, text: learnTask.right(moment.step, lossOf(moment)) };
    }
    if (moment.loss === null) return { solved: false, text: learnTask.unknown };
    const isHigh = moment.loss >= limit;
    return { solved: false, text: learnTask[isHigh ? "high" : "late"](lossOf(moment)) };
  };
  const near = (by: number) => moments[Math.max(0, Math.min(place + by, moments.length - 1))];
  return (
    <TaskLayout
      task={words.chapters.learn.task(limit.toFixed(1))}
      onSolved={onSolved}
      answer={checked === null ? null : answerAt(checked)}
      hints={[
        learnTask.hints[0],
        learnTask.hints[1](near(-2)?.step ?? 0, near(2)?.step ?? 0),
        learnTask.hints[2](answer.step),
      ]}
      picture={
        <Curve
          label={learnTask.picture(limit.toFixed(1), learnTask.shown(shown.step, shownLoss))}
          values={measured.map(({ loss }) => loss ?? 0)}
          shown={measured.indexOf(shown)}
          limit={limit}
        />
      }
    >
      <p className="mb-2 text-small">{learnTask.shown(shown.step, shownLoss)}</p>
      <Button
        variant="primary"
        className="h-8"
        onClick={() => setChecked(shownPlace(training.getState()))}
      >
        {learnTask.check}
      </Button>
    </TaskLayout>
  );
}
