"use client";

import { useEffect } from "react";
import { runBefore } from "@/features/saved-run/saved-run";
import { mediaMatches } from "@/lib/browser/media";
import { branchOf, recordOf } from "@/lib/run/branches";
import { useSession } from "@/lib/run/run-context";
import type { Session } from "@/lib/run/session";
import type { SettingField } from "@/lib/settings/fields";
import { isSetting } from "@/lib/settings/run-address";
import { readAddress } from "@/lib/url-state/address-bar";
import { noteSeen, seenBefore } from "./first-recording";

const loadPlayer = () => import("./play-recording");

/**
 * Begins an empty page with the recording of a run: not if the link has a run or a training, if a
 * run can be restored, or if an earlier visit closed the recording. It plays once; later, and with
 * reduced motion, it is shown as a whole.
 */
export function useFirstRecording(fields: readonly SettingField[]): void {
  const session = useSession();
  useEffect(() => {
    const isWanted = () =>
      isEmpty(session) && !hasRun(fields) && runBefore.getState().saved === null;
    const begin = async () => {
      const seen = seenBefore();
      if (seen === "closed" || !isWanted()) return;
      const play = seen === null && !mediaMatches("(prefers-reduced-motion: reduce)");
      const { showRecording, textInSight } = await loadPlayer();
      await textInSight();
      await showRecording(session, play, isWanted);
      noteSeen("shown");
    };
    // What the last visit saved is offered instead.
    if (runBefore.getState().isRead) return void begin();
    return runBefore.subscribe(({ isRead }) => void (isRead && begin()));
  }, [session, fields]);
}

function isEmpty(session: Session): boolean {
  const { branches, chosen } = session.getState();
  return branches.length === 1 && recordOf(branchOf(branches, chosen)).phase === "idle";
}

/** Whether the link has settings of a run, or names a training. */
const hasRun = (fields: readonly SettingField[]): boolean =>
  [...readAddress().keys()].some((name) => isSetting(fields)(name) || name === "training");
