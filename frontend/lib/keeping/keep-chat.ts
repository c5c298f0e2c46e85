import type { Conversation, KeptTurn } from "@/lib/chat/conversation";
import { isBusy, type RunRecord } from "@/lib/run/run-record";
import { putKept, readKept, removeKept } from "./database";
import { whenLeft } from "./page-left";
import { keptRun } from "./recorded";
import { tab } from "./tab";

const KEY = `${tab}.chat`;

/** A conversation as it is kept over a reload. */
export interface KeptChat {
  readonly system: string;
  readonly draft: string;
  readonly turns: readonly KeptTurn[];
}

/** Whether a conversation with turns is kept that this page has not taken up. */
let isOffered = false;

export async function readKeptChat(): Promise<KeptChat | null> {
  const kept = (await readKept(KEY)) as KeptChat | null;
  isOffered = kept !== null && kept.turns.length > 0;
  return kept;
}

export function forgetKeptChat(): void {
  isOffered = false;
  removeKept(KEY);
}

/** Keeps the conversation after each reply and when the page is left; ends with what it returns. */
export function keepConversation(conversation: Conversation): () => void {
  /** The recordings of replies, made once for each state of their runs. */
  const recordings = new WeakMap<RunRecord, KeptTurn>();
  let watched: (() => void)[] = [];
  const keep = () => {
    const { system, draft, turns } = conversation.getState();
    // A message that is only begun does not take the place of a conversation that is offered.
    if (turns.length === 0 && (isOffered || (draft === "" && system === ""))) return;
    isOffered = false;
    const kept = turns.map((turn): KeptTurn => {
      if (turn.role === "user") return { role: "user", content: turn.content };
      const { run } = turn.run.store.getState();
      const known = recordings.get(run) ?? { role: "assistant", edited: null, run: keptRun(run) };
      recordings.set(run, known);
      return { ...known, edited: turn.edited } as KeptTurn;
    });
    putKept(KEY, { system, draft, turns: kept } satisfies KeptChat);
  };
  const watch = () => {
    for (const stop of watched) stop();
    watched = conversation.getState().turns.flatMap((turn) =>
      turn.role === "user"
        ? []
        : [
            turn.run.store.subscribe(({ run }, before) => {
              if (!isBusy(run) && isBusy(before.run)) keep();
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
  const stopLeft = whenLeft(keep);
  return () => {
    for (const stop of watched) stop();
    stopTurns();
    stopLeft();
  };
}
