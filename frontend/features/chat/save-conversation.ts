import { storedJson, tabStore } from "@/lib/browser/storage";
import { putSaved, readSaved, removeSaved } from "@/lib/persistence/database";
import { whenLeft } from "@/lib/persistence/page-left";
import { EVERY_MS, MAX_BYTES_GOING_ON, savedRun } from "@/lib/persistence/saved-run";
import { tab } from "@/lib/persistence/tab";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import type { Conversation, SavedTurn } from "./conversation";

const KEY = `${tab}.chat`;

/** Key in sessionStorage for the contents of the view's fields. */
const FIELDS = "mav-chat";

/** Returns the turns that were saved in this tab, or null. */
export const readSavedChat = async (): Promise<readonly SavedTurn[] | null> =>
  (await readSaved(KEY)) as readonly SavedTurn[] | null;

export const deleteSavedChat = (): void => removeSaved(KEY);

/**
 * Saves the conversation during and after each reply and when the page is closed, and restores the
 * contents of the fields. Returns a function that stops saving.
 */
export function keepConversation(conversation: Conversation): () => void {
  /** Recordings of replies by the state of their runs, so that each is created only once. */
  const recordings = new WeakMap<RunRecord, SavedTurn>();
  let watched: (() => void)[] = [];
  let savedAt = 0;
  const keep = () => {
    const { turns } = conversation.getState();
    if (turns.length === 0) return;
    const saved = turns.map((turn): SavedTurn => {
      if (turn.role === "user") return { role: "user", content: turn.content };
      const { run } = turn.run.store.getState();
      const known = recordings.get(run) ?? { role: "assistant", edited: null, run: savedRun(run) };
      recordings.set(run, known);
      return { ...known, edited: turn.edited } as SavedTurn;
    });
    putSaved(KEY, saved);
  };
  const watch = () => {
    for (const stop of watched) stop();
    watched = conversation.getState().turns.flatMap((turn) =>
      turn.role === "user"
        ? []
        : [
            turn.run.store.subscribe(({ run }, before) => {
              const isEnd = !isBusy(run) && isBusy(before.run);
              if (!isEnd && Date.now() - savedAt < EVERY_MS) return;
              if (!isEnd && (run.log?.bytes ?? 0) > MAX_BYTES_GOING_ON) return;
              // Until the first token there is nothing of the reply to save.
              if (run.frames.length > 0) savedAt = Date.now();
              keep();
            }),
          ],
    );
  };
  const stopTurns = conversation.subscribe((state, before) => {
    if (state.turns === before.turns) return;
    watch();
    if (state.turns.length === 0) deleteSavedChat();
    else keep();
  });
  watch();
  takeUpFields(conversation);
  const stopLeft = whenLeft(() => {
    const { system, draft } = conversation.getState();
    // The database may not finish before the page is closed.
    tabStore.setItem(FIELDS, JSON.stringify([system, draft]));
    keep();
  });
  return () => {
    for (const stop of watched) stop();
    stopTurns();
    stopLeft();
  };
}

function takeUpFields(conversation: Conversation): void {
  const { system, draft, turns } = conversation.getState();
  const stored = storedJson(tabStore, FIELDS);
  tabStore.removeItem(FIELDS);
  if (!Array.isArray(stored) || turns.length > 0 || system !== "" || draft !== "") return;
  const [keptSystem = "", keptDraft = ""] = stored as string[];
  conversation.setSystem(keptSystem);
  conversation.setDraft(keptDraft);
}
