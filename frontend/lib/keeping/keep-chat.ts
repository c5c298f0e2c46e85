import { storedJson, tabStore } from "@/lib/browser/storage";
import type { Conversation, KeptTurn } from "@/lib/chat/conversation";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { putKept, readKept, removeKept } from "./database";
import { whenLeft } from "./page-left";
import { EVERY_MS, keptRun, MAX_BYTES_GOING_ON } from "./recorded";
import { tab } from "./tab";

const KEY = `${tab}.chat`;

/** In the tab's storage: what is written in the fields of the view. */
const FIELDS = "mav-chat";

/** The turns of the conversation that this tab kept; null where there are none. */
export const readKeptChat = async (): Promise<readonly KeptTurn[] | null> =>
  (await readKept(KEY)) as readonly KeptTurn[] | null;

export const forgetKeptChat = (): void => removeKept(KEY);

/**
 * Keeps the conversation during and after each reply and when the page is left, and takes up the
 * fields as they were left; ends with the function it returns.
 */
export function keepConversation(conversation: Conversation): () => void {
  /** The recordings of replies, made once for each state of their runs. */
  const recordings = new WeakMap<RunRecord, KeptTurn>();
  let watched: (() => void)[] = [];
  let keptAt = 0;
  const keep = () => {
    const { turns } = conversation.getState();
    if (turns.length === 0) return;
    const kept = turns.map((turn): KeptTurn => {
      if (turn.role === "user") return { role: "user", content: turn.content };
      const { run } = turn.run.store.getState();
      const known = recordings.get(run) ?? { role: "assistant", edited: null, run: keptRun(run) };
      recordings.set(run, known);
      return { ...known, edited: turn.edited } as KeptTurn;
    });
    putKept(KEY, kept);
  };
  const watch = () => {
    for (const stop of watched) stop();
    watched = conversation.getState().turns.flatMap((turn) =>
      turn.role === "user"
        ? []
        : [
            turn.run.store.subscribe(({ run }, before) => {
              const isEnd = !isBusy(run) && isBusy(before.run);
              if (!isEnd && Date.now() - keptAt < EVERY_MS) return;
              if (!isEnd && (run.log?.bytes ?? 0) > MAX_BYTES_GOING_ON) return;
              keptAt = Date.now();
              keep();
            }),
          ],
    );
  };
  const stopTurns = conversation.subscribe((state, before) => {
    if (state.turns === before.turns) return;
    watch();
    if (state.turns.length === 0) forgetKeptChat();
    else keep();
  });
  watch();
  takeUpFields(conversation);
  const stopLeft = whenLeft(() => {
    const { system, draft } = conversation.getState();
    // The database may not have the time.
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
  const kept = storedJson(tabStore, FIELDS);
  tabStore.removeItem(FIELDS);
  if (!Array.isArray(kept) || turns.length > 0 || system !== "" || draft !== "") return;
  const [keptSystem = "", keptDraft = ""] = kept as string[];
  conversation.setSystem(keptSystem);
  conversation.setDraft(keptDraft);
}
