import { unhurried } from "@/lib/browser/unhurried";
import { openRun } from "@/lib/client/run-stream";
import { pace } from "@/lib/pace/pace";
import { readRecording } from "@/lib/recording/read-recording";
import { createRunController } from "@/lib/run/run-controller";
import { createRunStore } from "@/lib/run/run-store";
import type { Session } from "@/lib/run/session";
import { FILE, SOURCE } from "./first-recording";

/**
 * Shows the recording that comes with the page, and returns whether it did. If it cannot be loaded,
 * the page stays empty.
 *
 * @param play whether it appears token by token; otherwise it is shown as a whole
 * @param isWanted whether the page is still empty, asked before the recording is shown
 */
export async function showRecording(
  session: Session,
  play: boolean,
  isWanted: () => boolean,
): Promise<boolean> {
  const answer = await fetch(`./${FILE}`).catch(() => null);
  if (!answer?.ok) return false;
  const file = await answer.blob();
  if (!isWanted()) return false;
  const store = createRunStore(undefined, undefined, true);
  const controller = createRunController(store, openRun, pace);
  session.adopt({ store, controller }, "", true);
  await controller.replay(unhurried(readRecording(file, SOURCE)), SOURCE, play ? pace : null);
  return true;
}

/** Resolves when the text is in the window; at once if it is hidden. On a phone it is far below. */
export function textInSight(): Promise<void> {
  const element = document.querySelector("[data-panel=generated-text]");
  if (!element || typeof IntersectionObserver === "undefined") return Promise.resolve();
  return new Promise((resolve) => {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      resolve();
    });
    observer.observe(element);
  });
}
