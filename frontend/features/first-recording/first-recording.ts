import { createStore } from "zustand/vanilla";
import { localStore } from "@/lib/browser/storage";
import type { PromptToken } from "@/lib/contract";

/** Made by `make recording`. It ends with the token of which the model is least certain. */
export const FILE = "recordings/mav-tiny-first.jsonl";
/** The name of the recorded run. */
export const SOURCE = "mav-tiny";

const KEY = "mav-recording";

/** What an earlier visit did with the recording: it was shown, or closed. */
type Seen = "shown" | "closed";

export const seenBefore = (): Seen | null => localStore.getItem(KEY) as Seen | null;

export const noteSeen = (seen: Seen): void => void localStore.setItem(KEY, seen);

/** The beginning of the recording. It is part of the built page. */
export interface Beginning {
  readonly model: string;
  readonly prompt: string;
  readonly tokens: readonly PromptToken[];
}

/**
 * Whether the page shows the beginning of the recording while the recording itself is not loaded.
 * The built page contains it, beside what an empty page shows.
 */
export const beginningStore = createStore(() => ({ isShown: true }));

export const endBeginning = (): void => beginningStore.setState({ isShown: false });

/**
 * An inline script that chooses between the two before the first paint (`recorded:` in class names):
 * a first visit of a page without settings in its address begins with the recording.
 */
export const RECORDING_SCRIPT = `try{if(!location.search&&!location.hash&&!localStorage.getItem("${KEY}"))document.documentElement.dataset.recording=""}catch{}`;

/** Whether RECORDING_SCRIPT chose the beginning of the recording. */
export const isBeginningPainted = (): boolean =>
  document.documentElement.dataset.recording !== undefined;
