"use client";

import { useCallback, useEffect, useMemo } from "react";
import { createStore } from "zustand/vanilla";
import { mediaMatches } from "@/lib/browser/media";
import { useSession } from "@/lib/run/run-context";
import type { RunStore } from "@/lib/run/run-store";
import type { Session } from "@/lib/run/session";
import { readAddress, writeAddress } from "@/lib/url-state/address-bar";
import type { Training } from "./training-store";
import { trainingOf } from "./trainings";
import { useTrainingPlace } from "./use-training-place";

const PARAMETER = "training";

interface Trainings {
  /** Opens the training that comes with the site, and plays it if asked to. */
  example(play: boolean): Promise<void>;
  /** Opens the training that is running on the server. */
  live(): Promise<void>;
}

/** Returns functions that open trainings without a file. Each training is opened only once. */
export function useTrainings(): Trainings {
  const session = useSession();
  const place = useTrainingPlace();
  return useMemo(
    () => ({
      async example(play) {
        writeParameter("example");
        if (known(session, ({ example }) => example)) return;
        const { openExample } = await import("./open-training");
        const training = await openExample(place());
        if (!training || !play) return;
        if (mediaMatches("(prefers-reduced-motion: reduce)")) return;
        const { trainingPlayerOf } = await import("./training-player");
        trainingPlayerOf(training).play();
      },
      async live() {
        writeParameter("live");
        if (known(session, (training) => training.live)) return;
        const { watchLive } = await import("./open-training");
        const room = place();
        await watchLive(room, whileStored(session, room.store));
      },
    }),
    [session, place],
  );
}

/** Whether the link's training was opened. It is opened once per visit. */
const visit = createStore<{ readonly linkOpened: boolean }>(() => ({ linkOpened: false }));

/** Opens the training that the link names. */
export function useTrainingInAddress(): void {
  const { example, live } = useTrainings();
  useEffect(() => {
    const named = readAddress().get(PARAMETER);
    if (visit.getState().linkOpened) return;
    visit.setState({ linkOpened: true });
    if (named === "example") void example(false);
    if (named === "live") void live();
  }, [example, live]);
}

/** Returns a function that removes the training from the address. */
export const useLeaveTraining = (): (() => void) => useCallback(() => writeParameter(null), []);

const writeParameter = (name: string | null): void =>
  writeAddress((each) => each === PARAMETER, name ? [[PARAMETER, name]] : []);

/** Shows the training if it is already open. Returns whether it is. */
function known(session: Session, is: (training: Training) => boolean): boolean {
  const branch = session.getState().branches.find(({ store }) => {
    const training = trainingOf(store);
    return training !== null && is(training);
  });
  if (branch) session.choose(branch.id);
  return branch !== undefined;
}

/** Returns a signal that is aborted when the training's run is removed. */
function whileStored(session: Session, store: RunStore): AbortSignal {
  const abort = new AbortController();
  const stop = session.subscribe(({ branches }) => {
    if (branches.some((branch) => branch.store === store)) return;
    stop();
    abort.abort();
  });
  return abort.signal;
}
