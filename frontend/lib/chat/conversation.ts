import { createStore, type StoreApi } from "zustand/vanilla";
import type { RunRequest } from "@/lib/contract";
import { type KeptRun, replayInto } from "@/lib/keeping/recorded";
import { createRunController, type RunController } from "@/lib/run/run-controller";
import { isBusy } from "@/lib/run/run-record";
import { createRunStore, type RunStore } from "@/lib/run/run-store";
import type { openRun } from "@/lib/transport/run-stream";

/** A run that writes a reply. */
export interface ReplyRun {
  readonly store: RunStore;
  readonly controller: RunController;
}

export type Turn =
  | { readonly id: number; readonly role: "user"; readonly content: string }
  /** What the run wrote, or what the visitor made of it. */
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

/** Everything of a run's settings but what is said. */
export type ChatSettings = Omit<RunRequest, "prompt" | "messages">;

/** A turn as it is kept over a reload; of a reply without a token there is no run. */
export type KeptTurn =
  | { readonly role: "user"; readonly content: string }
  | {
      readonly role: "assistant";
      readonly edited: string | null;
      readonly run: KeptRun | null;
    };

export interface ConversationState {
  readonly system: string;
  /** The message that is being written. */
  readonly draft: string;
  readonly turns: readonly Turn[];
}

export interface Conversation extends StoreApi<ConversationState> {
  setSystem(system: string): void;
  setDraft(draft: string): void;
  /** Say something and have it answered; a reply still being written is stopped first. */
  say(content: string, settings: ChatSettings): void;
  /** Have the turn before a reply answered once more; what came after it is gone. */
  regenerate(id: number, settings: ChatSettings): void;
  /** Change what was said; what came after it is gone, and a changed question is answered. */
  edit(id: number, content: string, settings: ChatSettings): void;
  /** Forget the oldest question and its reply, and have the last question answered. */
  shorten(settings: ChatSettings): void;
  /** Remove the last question and its reply; what was said is the draft of the next message. */
  takeBack(): void;
  stop(): void;
  clear(): void;
  /** Show a conversation that was kept; runs that were going on are stopped. */
  restore(kept: readonly KeptTurn[]): Promise<void>;
}

/** What a reply says now. */
export const replyText = (turn: Turn & { role: "assistant" }): string =>
  turn.edited ??
  turn.run.store
    .getState()
    .run.frames.map(({ text }) => text)
    .join("")
    .trim();

/** The messages up to here, as the server takes them; a reply that says nothing is left out. */
export function messagesOf({ system, turns }: ConversationState): Message[] {
  const said = turns.flatMap((turn): Message[] => {
    const content = turn.role === "user" ? turn.content : replyText(turn);
    return content === "" ? [] : [{ role: turn.role, content }];
  });
  return system.trim() === "" ? said : [{ role: "system", content: system.trim() }, ...said];
}

export function createConversation(
  open: typeof openRun,
  makeStore: () => RunStore = createRunStore,
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
  const answer = (asked: readonly Turn[], settings: ChatSettings) => {
    stop();
    const run = newReply();
    const messages = messagesOf({ ...store.getState(), turns: asked });
    const reply: Turn = { id: next++, role: "assistant", run, edited: null };
    store.setState({ turns: [...asked, reply] });
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
      const { seed: _, ...drawnAnew } = settings;
      answer(before(id), drawnAnew);
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
      const asked = turns().at(-1)?.role === "assistant" ? turns().slice(0, -1) : turns();
      const second = asked.findIndex(({ role }, place) => place > 0 && role === "user");
      if (second > 0) answer(asked.slice(second), settings);
    },
    takeBack() {
      stop();
      const place = turns().findLastIndex(({ role }) => role === "user");
      const turn = turns()[place];
      if (turn?.role !== "user") return;
      store.setState({ turns: turns().slice(0, place), draft: turn.content });
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
