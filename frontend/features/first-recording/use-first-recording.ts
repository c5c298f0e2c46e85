"use client";

import { useEffect } from "react";
import { useStore } from "zustand";
import { runBefore } from "@/features/saved-run/saved-run";
import { mediaMatches } from "@/lib/browser/media";
import { branchOf, recordOf } from "@/lib/run/branches";
import { useSession } from "@/lib/run/run-context";
import type { Session } from "@/lib/run/session";
import type { SettingField } from "@/lib/settings/fields";
import { isSetting } from "@/lib/settings/run-address";
import { readAddress } from "@/lib/url-state/address-bar";
import {
  type Beginning,
  beginningStore,
  endBeginning,
  isBeginningPainted,
  noteSeen,
  seenBefore,
} from "./first-recording";

const loadPlayer = () => import("./play-recording");

/**
 * Begins an empty page with the recording of a run: not if the link has a run or a training, if a
 * run can be restored, or if an earlier visit closed the recording. It plays once; later, and with
 * reduced motion, it is shown as a whole. Returns its beginning as long as that is shown instead of an
 * empty page.
 */
export function useFirstRecording(
  fields: readonly SettingField[],
  beginning: Beginning,
): Beginning | null {
  const session = useSession();
  const isShown = useStore(beginningStore, (state) => state.isShown);
  useEffect(() => {
    let gone = false;
    const isWanted = () =>
      !gone &&
      seenBefore() !== "closed" &&
      isEmpty(session) &&
      !hasRun(fields) &&
      runBefore.getState().saved === null;
    const play = async () => {
      const seen = seenBefore();
      if (!isWanted()) return;
      const inPace = seen === null && !mediaMatches("(prefers-reduced-motion: reduce)");
      const { showRecording, textInSight } = await loadPlayer();
      await textInSight();
      const shown = await showRecording(session, inPace, isWanted);
      if (shown && seenBefore() === null) noteSeen("shown");
    };
    const begin = () => void play().finally(() => gone || endBeginning());
    if (!isBeginningPainted()) endBeginning();
    // What the last visit saved is offered instead.
    if (runBefore.getState().isRead) begin();
    const unsubscribe = runBefore.subscribe(({ isRead }, before) => {
      if (isRead && !before.isRead) begin();
    });
    return () => {
      gone = true;
      unsubscribe();
    };
  }, [session, fields]);
  return isShown ? beginning : null;
}

function isEmpty(session: Session): boolean {
  const { branches, chosen } = session.getState();
  return branches.length === 1 && recordOf(branchOf(branches, chosen)).phase === "idle";
}

/** Whether the link has settings of a run, or names a training. */
const hasRun = (fields: readonly SettingField[]): boolean =>
  [...readAddress().keys()].some((name) => isSetting(fields)(name) || name === "training");
