"use client";

import { useCallback, useEffect, useState } from "react";
import { useRunState } from "@/components/run-context";
import { onLinkOpened, readAddress, writeAddress } from "@/lib/address/address-bar";
import type { StartFrame } from "@/lib/run/frames";
import type { SettingField } from "@/lib/settings/fields";
import { type Given, givenIn, isSetting, runParameters } from "@/lib/settings/run-address";

const NOTHING: Given = {};

/** What the link gives beside the form's settings, until the visitor leaves it out. */
export function useGiven(): readonly [Given, () => void] {
  const [given, setGiven] = useState<Given>(NOTHING);
  useEffect(() => {
    const arrive = () => {
      const found = givenIn(readAddress());
      setGiven(Object.keys(found).length > 0 ? found : NOTHING);
    };
    arrive();
    return onLinkOpened(arrive);
  }, []);
  return [given, useCallback(() => setGiven(NOTHING), [])];
}

/** The run that was put into the address last; what was typed since is newer and outlives the page. */
let written: StartFrame | null = null;

/** Once a run is shown the address bar holds that run, with the seed that was drawn for it. */
export function useRunInAddress(fields: readonly SettingField[]): void {
  const start = useRunState(({ run }) => run.start);
  useEffect(() => {
    if (!start || written === start) return;
    written = start;
    writeAddress(isSetting(fields), runParameters(fields, start.settings));
  }, [start, fields]);
}
