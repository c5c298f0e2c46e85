"use client";

import { useCallback, useRef, useSyncExternalStore } from "react";
import { type Branch, recordOf } from "@/lib/run/branches";
import type { RunRecord } from "@/lib/run/run-record";

/**
 * Returns the records of the branches and updates them, also those of branches that are not shown.
 */
export function useRecords(branches: readonly Branch[]): readonly RunRecord[] {
  const last = useRef<readonly RunRecord[]>([]);
  const subscribe = useCallback(
    (onChange: () => void) => {
      const ends = branches.map(({ store }) => store.subscribe(onChange));
      return () => {
        for (const end of ends) end();
      };
    },
    [branches],
  );
  const read = () => {
    const records = branches.map(recordOf);
    const same =
      records.length === last.current.length && records.every((r, i) => r === last.current[i]);
    if (!same) last.current = records;
    return last.current;
  };
  return useSyncExternalStore(subscribe, read, read);
}
