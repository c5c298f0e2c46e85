import { createStore, type StoreApi } from "zustand/vanilla";
import type { openRun } from "@/lib/client/run-stream";
import type { RunRequest } from "@/lib/contract";
import { replayInto, type SavedRun } from "@/lib/persistence/saved-run";
import { createRunController, type RunController } from "@/lib/run/run-controller";
import { isBusy } from "@/lib/run/run-record";
import { createRunStore, type RunStore } from "@/lib/run/run-store";

/** The run that generates a reply. */
export interface ReplyRun {
  readonly store: RunStore;
  readonly controller: RunController;
}

export type Turn =
  | { readonly id: number; readonly role: "user"; readonly content: string }
  /** The text is that of the run, or `edited` if the visitor changed it. */
  | {
      readonly id: number;
      readonly role: "assistant";
      readonly run: ReplyRun;
      readonly edited: string | null;
    };

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** All settings of a run except for its input. */
export type ChatSettings = Omit<RunRequest, "prompt" | "messages">;

/** A turn as it is saved in the browser. `run` is null if the reply has no tokens. */
export type SavedTurn =
  | { readonly role: "user"; readonly content: string }
  | {
      readonly role: "assistant";
      readonly edited: string | null;
      readonly run: SavedRun | null;
    };

export interface ConversationState {
  readonly system: string;
  /** The message that the visitor is writing. */
  readonly draft: string;
  readonly turns: readonly Turn[];
}

export interface Conversation extends StoreApi<ConversationState> {
  setSystem(system: string): void;
  setDraft(draft: string): void;
  /** Sends a message and generates a reply. Stops a reply that is still being generated. */
  say(content: string, settings: ChatSettings): void;
  /** Generates a reply again with a new seed. Removes all turns after it. */
  regenerate(id: number, settings: ChatSettings): void;
  /**
   * Changes the text of a turn and removes all turns after it. If it is a question, generates a
   * reply.
   */
  edit(id: number, content: string, settings: ChatSettings): void;
  /** Removes the oldest question and its reply, and generates a reply to the last question. */
  shorten(settings: ChatSettings): void;
  /** Removes the last question and its reply. The question becomes the draft. */
  takeBack(): void;
  stop(): void;
  clear(): void;
  /** Replaces the conversation by a saved one. Stops running replies. */
  restore(kept: readonly SavedTurn[]): Promise<void>;
}

/** Returns the current text of a reply. */
export const replyText = (turn: Turn & { role: "assistant" }): string =>
  turn.edited ??
  turn.run.store
    .getState()
    .run.frames.map(({ text }) => text)
    .join("")
    .trim();

/** Returns the messages of these turns in the server's format. Empty replies are left out. */
export function messagesOf({ system, turns }: ConversationState): Message[] {
  const messages = turns.flatMap((turn): Message[] => {
    const content = turn.role === "user" ? turn.content : replyText(turn);
    return content === "" ? [] : [{ role: turn.role, content }];
  });
  return system.trim() === ""
    ? messages
    : [{ role: "system", content: system.trim() }, ...messages];
}

export function createConversation(
  open: typeof openRun,
  makeStore: () => RunStore = () => createRunStore(undefined, undefined, true),
): Conversation {
  let next = 0;
  const store = createStore<ConversationState>(() => ({ system: "", draft: "", turns: [] }));
  const turns = () => store.getState().turns;
  const before = (id: number) => turns().slice(0, Math.max(0, turns().findIndex(at(id))));

  const stop = () => {
    for (const turn of turns()) {
      if (turn.role === "assistant" && isBusy(turn.run.store.getState().run)) {
        turn.run.controller.stop();
      }
    }
  };
  const newReply = (): ReplyRun => {
    const replyStore = makeStore();
    return { store: replyStore, controller: createRunController(replyStore, open) };
  };
  const answer = (history: readonly Turn[], settings: ChatSettings) => {
    stop();
    const run = newReply();
    const messages = messagesOf({ ...store.getState(), turns: history });
    const reply: Turn = { id: next++, role: "assistant", run, edited: null };
    store.setState({ turns: [...history, reply] });
    void run.controller.run({ ...settings, messages });
  };

  return {
    ...store,
    setSystem: (system) => store.setState({ system }),
    setDraft: (draft) => store.setState({ draft }),
    say(content, settings) {
      answer([...turns(), { id: next++, role: "user", content }], settings);
    },
    regenerate(id, settings) {
      const { seed: _, ...unseeded } = settings;
      answer(before(id), unseeded);
    },
    edit(id, content, settings) {
      const turn = turns().find(at(id));
      if (turn?.role === "user") return answer([...before(id), { ...turn, content }], settings);
      if (turn?.role === "assistant") {
        stop();
        store.setState({ turns: [...before(id), { ...turn, edited: content }] });
      }
    },
    shorten(settings) {
      const history = turns().at(-1)?.role === "assistant" ? turns().slice(0, -1) : turns();
      const second = history.findIndex(({ role }, index) => index > 0 && role === "user");
      if (second > 0) answer(history.slice(second), settings);
    },
    takeBack() {
      stop();
      const index = turns().findLastIndex(({ role }) => role === "user");
      const turn = turns()[index];
      if (turn?.role !== "user") return;
      store.setState({ turns: turns().slice(0, index), draft: turn.content });
    },
    stop,
    clear() {
      stop();
      store.setState({ turns: [] });
    },
    async restore(kept) {
      stop();
      const replayed: Promise<void>[] = [];
      const restored = kept.map((turn): Turn => {
        if (turn.role === "user") return { ...turn, id: next++ };
        const run = newReply();
        if (turn.run) replayed.push(replayInto(run.store, turn.run));
        return { id: next++, role: "assistant", run, edited: turn.edited };
      });
      await Promise.all(replayed);
      store.setState({ turns: restored });
    },
  };
}

const at = (id: number) => (turn: Turn) => turn.id === id;
