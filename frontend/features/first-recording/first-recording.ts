import { localStore } from "@/lib/browser/storage";

const KEY = "mav-recording";

/** What an earlier visit did with the recording: it was shown, or closed. */
type Seen = "shown" | "closed";

export const seenBefore = (): Seen | null => localStore.getItem(KEY) as Seen | null;

export const noteSeen = (seen: Seen): void => void localStore.setItem(KEY, seen);
