"use client";

import { classNames } from "@/components/ui/class-names";
import { FollowButton } from "@/components/ui/follow-button";
import { formatNats } from "@/lib/i18n/numbers";
import { LossChart } from "./loss-chart";
import { SnapshotList } from "./snapshot-list";
import { TrainingControls } from "./training-controls";
import { isFollowing, shownPlace, type Training } from "./training-store";
import { TrainingContext, useTraining, useTrainingState } from "./use-training";
import { useTrainingKeys } from "./use-training-keys";
import { words } from "./words";

/** Shows a training and selects the snapshot that the panels show. */
export default function TrainingStrip({ training }: { training: Training }) {
  return (
    <TrainingContext value={training}>
      <Strip />
    </TrainingContext>
  );
}

function Strip() {
  useTrainingKeys();
  const any = useTrainingState(({ moments }) => moments.length > 0);
  return (
    <section
      aria-label={words.label}
      data-part="training"
      data-terms
      className="@container relative bg-sheet px-5 pt-2 pb-3 shadow-[inset_3px_0_0_0_var(--ink)]"
    >
      <div className="flex flex-wrap items-center justify-between gap-x-5 gap-y-1">
        <Heading />
        <Place />
      </div>
      {any && (
        <div className="mt-2 grid grid-cols-[minmax(0,1fr)] gap-x-8 gap-y-2 @min-[54rem]:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
          <div className="min-w-0">
            <LossChart />
            <div className="mt-1 flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
              <TrainingControls />
              <Follow />
            </div>
          </div>
          <SnapshotList />
        </div>
      )}
      <Notes />
    </section>
  );
}

function Heading() {
  const training = useTraining();
  const state = useTrainingState((each) => each);
  const text = words.following[state.following];
  return (
    <div className="flex min-w-0 flex-wrap items-baseline gap-x-3">
      <h2 className="font-semibold text-small">{words.label}</h2>
      <span className="min-w-0 truncate text-quiet text-small">{nameOf(training)}</span>
      <span role="status" className="inline-flex items-center gap-1.5 text-small">
        {text && (
          <>
            <span
              aria-hidden
              className={classNames(
                "size-1.5 rounded-full",
                state.following === "lost" ? "bg-edge" : "bg-ink",
                isFollowing(state) && "breathing",
              )}
            />
            {text}
          </>
        )}
      </span>
    </div>
  );
}

const nameOf = ({ example, live, source }: Training): string => {
  return example ? words.example.name : live ? words.liveName : source;
};

/** The shown step, its loss, and the duration of the training until then. */
function Place() {
  const state = useTrainingState((each) => each);
  const place = shownPlace(state);
  const moment = state.moments[place];
  if (!moment) return null;
  return (
    <p className="flex flex-wrap items-baseline gap-x-4 text-xs">
      <span className="figures font-semibold text-ink text-small">{words.at(moment.step)}</span>
      {moment.loss !== null && (
        <span className="text-quiet">
          {words.columns.loss} <span className="figures text-ink">{formatNats(moment.loss)}</span>
        </span>
      )}
      <span className="figures text-quiet">{formatElapsed(moment.elapsedS)}</span>
      <span className="figures text-quiet">{words.place(place + 1, state.moments.length)}</span>
    </p>
  );
}

const formatElapsed = (seconds: number): string =>
  seconds < 90 ? words.seconds(seconds.toFixed(1)) : words.minutes((seconds / 60).toFixed(0));

/** Only for a training that is still running. */
function Follow() {
  const training = useTraining();
  const following = useTrainingState(({ chosen }) => chosen === null);
  const isRunning = useTrainingState(isFollowing);
  if (!training.live || !isRunning) return null;
  return (
    <FollowButton
      label={words.live}
      hint={words.liveHint}
      following={following}
      onClick={() => training.choose(following ? Number.POSITIVE_INFINITY : null)}
      className="h-8"
    />
  );
}

/** Explains how to read it, and what is missing. */
function Notes() {
  const { example } = useTraining();
  const again = useTrainingState((state) => state.again);
  const thinned = useTrainingState((state) => state.thinned);
  const steps = useTrainingState(({ moments }) => moments.at(-1)?.step ?? 0);
  return (
    <div className="mt-2 max-w-[130ch] text-micro text-quiet">
      {again !== null && <p className="text-ink">{words.again(again)}</p>}
      {thinned > 0 && <p className="text-ink">{words.thinned(thinned)}</p>}
      {example && steps > 0 && (
        <p className="text-ink">{words.example.note(steps, ((steps * 4096) / 1e6).toFixed(1))}</p>
      )}
      {steps > 0 && <p>{words.howToRead}</p>}
    </div>
  );
}
