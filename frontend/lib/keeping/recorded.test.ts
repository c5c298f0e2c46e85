// @vitest-environment node
// jsdom has no streams of files.
import { expect, test } from "vitest";
import { createConversation, replyText } from "@/lib/chat/conversation";
import { RECORDED, recordedRun } from "@/lib/run/fixtures/recording";
import { canContinue } from "@/lib/run/run-record";
import { createRunStore } from "@/lib/run/run-store";
import type { openRun } from "@/lib/transport/run-stream";
import { type KeptRun, keptRun, replayInto } from "./recorded";

const now = (callback: () => void) => callback();
const newStore = () => createRunStore(now);

function kept(events = RECORDED.length): KeptRun {
  const value = keptRun(recordedRun(events));
  if (!value) throw new Error("nothing to keep");
  return value;
}

test("a run comes back as it was, and can be kept again", async () => {
  const store = newStore();
  await replayInto(store, kept());
  const { run } = store.getState();
  const before = recordedRun();
  expect(run.phase).toBe("done");
  expect(run.frames.map(({ text }) => text)).toEqual(before.frames.map(({ text }) => text));
  expect(run.source).toBeNull();
  expect(await keptRun(run)?.events.text()).toBe(await kept().events.text());
});

test("a run that was cut off by the reload is stopped and can be continued", async () => {
  const store = newStore();
  await replayInto(store, kept(6));
  const { run } = store.getState();
  expect(run.phase).toBe("stopped");
  expect(run.frames.length).toBeGreaterThan(0);
  expect(canContinue(run)).toBe(true);
});

test("a run without a token is not kept", () => {
  expect(keptRun(recordedRun(2))).toBeNull();
});

test("a conversation comes back with its replies and their edits", async () => {
  const open: typeof openRun = async function* () {
    yield* RECORDED;
  };
  const conversation = createConversation(open, newStore);
  await conversation.restore([
    { role: "user", content: "Hello" },
    { role: "assistant", edited: null, run: kept() },
    { role: "user", content: "Go on" },
    { role: "assistant", edited: "Changed", run: kept() },
    { role: "user", content: "Once more" },
    { role: "assistant", edited: null, run: null },
  ]);
  const { turns } = conversation.getState();
  const said = turns.map((turn) => (turn.role === "user" ? turn.content : replyText(turn)));
  const reply = recordedRun()
    .frames.map(({ text }) => text)
    .join("")
    .trim();
  expect(said).toEqual(["Hello", reply, "Go on", "Changed", "Once more", ""]);
  expect(new Set(turns.map(({ id }) => id)).size).toBe(turns.length);
  conversation.say("More", {});
  expect(conversation.getState().turns).toHaveLength(8);
});
