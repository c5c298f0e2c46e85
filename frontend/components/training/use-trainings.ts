"use client";

import { createContext, useCallback, useContext, useEffect, useMemo } from "react";
import { readAddress, writeAddress } from "@/lib/address/address-bar";
import { mediaMatches } from "@/lib/browser/media";
import type { RunStore } from "@/lib/run/run-store";
import type { Session } from "@/lib/run/session";
import { text } from "@/lib/text";
import type { Training } from "@/lib/training/training-store";
import { trainingOf } from "@/lib/training/trainings";
import { useSession } from "../run-context";
import { useTrainingPlace } from "../use-open-recording";

/** Whether the server watches a training. */
export const LiveTrainingContext = createContext(false);
export const useLiveTraining = () => useContext(LiveTrainingContext);

const PARAMETER = "training";

interface Trainings {
  /** Show the training that comes with the site, and play it where asked. */
  example(play: boolean): Promise<void>;
  /** Show the training that the server watches. */
  live(): Promise<void>;
}

/** The trainings that can be shown without a file; each is opened once. */
export function useTrainings(): Trainings {
  const session = useSession();
  const place = useTrainingPlace();
  return useMemo(
    () => ({
      async example(play) {
        tell("example");
        if (known(session, ({ example }) => example)) return;
        const { openExample } = await import("@/lib/training/open-training");
        const training = await openExample(text.training.example.name, place());
        if (!training || !play) return;
        if (mediaMatches("(prefers-reduced-motion: reduce)")) return;
        const { trainingPlayerOf } = await import("@/lib/training/training-player");
        trainingPlayerOf(training).play();
      },
      async live() {
        tell("live");
        if (known(session, (training) => training.live)) return;
        const { watchLive } = await import("@/lib/training/open-training");
        const room = place();
        await watchLive(text.training.open.liveName, room, whileKept(session, room.store));
      },
    }),
    [session, place],
  );
}

/** Open the training that a link names, once a visit. */
export function useTrainingInAddress(): void {
  const { example, live } = useTrainings();
  useEffect(() => {
    const named = readAddress().get(PARAMETER);
    if (followed) return;
    followed = true;
    if (named === "example") void example(false);
    if (named === "live") void live();
  }, [example, live]);
}
let followed = false;

/** A run of its own is no training: links no longer name one. */
export const useLeaveTraining = (): (() => void) => useCallback(() => tell(null), []);

const tell = (name: string | null): void =>
  writeAddress((each) => each === PARAMETER, name ? [[PARAMETER, name]] : []);

/** Shows the training that is open already; whether there is one. */
function known(session: Session, is: (training: Training) => boolean): boolean {
  const branch = session.getState().branches.find(({ store }) => {
    const training = trainingOf(store);
    return training !== null && is(training);
  });
  if (branch) session.choose(branch.id);
  return branch !== undefined;
}

/** Ends when the run is forgotten that showed the training. */
function whileKept(session: Session, store: RunStore): AbortSignal {
  const abort = new AbortController();
  const stop = session.subscribe(({ branches }) => {
    if (branches.some((branch) => branch.store === store)) return;
    stop();
    abort.abort();
  });
  return abort.signal;
}
