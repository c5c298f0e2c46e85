import { createStore } from "zustand/vanilla";
import { localStore, onOtherTab, storedJson } from "@/lib/browser/storage";
import { CHAPTERS, type Chapter } from "./chapters";

interface Progress {
  /** The chapters whose task was solved. */
  readonly done: readonly Chapter[];
  /** Whether the chapters are offered to a first visitor. */
  readonly offered: boolean;
}

const KEY = "mav-chapters";

/** What this browser has solved, also in other tabs. */
export const progressStore = createStore<Progress>(() => ({ done: [], offered: false }));

/** Returns the first chapter that this browser has not solved; the first one if it solved all. */
export function nextChapter(): Chapter {
  const done = stored() ?? [];
  return CHAPTERS.find((chapter) => !done.includes(chapter)) ?? CHAPTERS[0];
}

/**
 * Reads what an earlier visit solved. On the first visit the chapters are offered once. Returns a
 * function that stops following other tabs.
 */
export function followProgress(): () => void {
  const done = stored();
  // Where nothing can be stored, they would be offered on every visit.
  const offered = done === null && store([]);
  progressStore.setState((before) => ({ done: done ?? [], offered: before.offered || offered }));
  return onOtherTab(KEY, () => progressStore.setState({ done: stored() ?? [] }));
}

export const declineChapters = (): void => progressStore.setState({ offered: false });

export function noteSolved(chapter: Chapter): void {
  const done = stored() ?? progressStore.getState().done;
  if (done.includes(chapter)) return;
  const now = [...done, chapter];
  store(now);
  progressStore.setState({ done: now });
}

/** Returns null if nothing is stored. */
function stored(): readonly Chapter[] | null {
  const names = storedJson(localStore, KEY);
  return Array.isArray(names) ? CHAPTERS.filter((chapter) => names.includes(chapter)) : null;
}

const store = (done: readonly Chapter[]): boolean => localStore.setItem(KEY, JSON.stringify(done));
