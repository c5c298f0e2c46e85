"use client";

import { useCallback, useEffect, useState } from "react";
import { createStore } from "zustand/vanilla";
import type { StartFrame } from "@/lib/contract/frames";
import { branchOf, isBundled } from "@/lib/run/branches";
import { useRunState, useSessionState } from "@/lib/run/run-context";
import { isBusy } from "@/lib/run/run-record";
import type { SettingField } from "@/lib/settings/fields";
import { type Given, isSetting, runParameters, settingsIn } from "@/lib/settings/run-address";
import { onLinkOpened, readAddress, writeAddress } from "@/lib/url-state/address-bar";

const NOTHING: Given = {};

/** Returns the settings of the link that have no field, and a function that removes them. */
export function useRunParameters(): readonly [Given, () => void] {
  const [given, setGiven] = useState<Given>(NOTHING);
  useEffect(() => {
    const arrive = () => {
      const found = settingsIn(readAddress());
      setGiven(Object.keys(found).length > 0 ? found : NOTHING);
    };
    arrive();
    return onLinkOpened(arrive);
  }, []);
  return [given, useCallback(() => setGiven(NOTHING), [])];
}

interface AddressRun {
  /**
   * The run that was written to the address last. Typing changes the address later, so the same run
   * must not be written again when the view is mounted again.
   */
  readonly start: StartFrame | null;
  /** The settings in the address when a run was requested that has not started yet. */
  readonly requested: string | null;
}

const addressRun = createStore<AddressRun>(() => ({ start: null, requested: null }));

/** To be called when a run is requested, with its settings in the address. */
export function noteRequest(fields: readonly SettingField[]): void {
  addressRun.setState({ requested: settingsText(fields) });
}

const settingsText = (fields: readonly SettingField[]): string =>
  JSON.stringify([...readAddress()].filter(([name]) => isSetting(fields)(name)));

/**
 * Writes the settings of a new run to the address, with the seed that was drawn for it. What the
 * visitor changed after requesting the run stays. With the bundled recording the address stays empty.
 */
export function useRunInAddress(fields: readonly SettingField[]): void {
  const start = useRunState(({ run }) => run.start);
  const busy = useRunState(({ run }) => isBusy(run));
  const branch = useSessionState(({ branches, chosen }) => branchOf(branches, chosen));
  useEffect(() => {
    if (isBundled(branch)) return;
    const former = addressRun.getState();
    if (!start && !busy) addressRun.setState({ requested: null });
    if (!start || former.start === start) return;
    addressRun.setState({ start, requested: null });
    const changed = former.requested !== null && former.requested !== settingsText(fields);
    if (!changed) writeAddress(isSetting(fields), runParameters(fields, start.settings));
  }, [start, busy, fields, branch]);
}
