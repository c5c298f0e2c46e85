// @vitest-environment node
// jsdom does not implement streams of blobs.
import { expect, test } from "vitest";
import type { openRun } from "@/lib/client/run-stream";
import { RECORDED } from "@/lib/contract/recordings.fixture";
import { savedRun } from "@/lib/persistence/saved-run";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { createRunStore } from "@/lib/run/run-store";
import { createConversation, replyText } from "./conversation";

const newStore = () => createRunStore((callback) => callback());
const saved = () => savedRun(recordedRun());

test("restores a conversation with its replies and their edits", async () => {
  const open: typeof openRun = async function* () {
    yield* RECORDED;
  };
  const conversation = createConversation(open, newStore);
  await conversation.restore([
    { role: "user", content: "Hello" },
    { role: "assistant", edited: null, run: saved() },
    { role: "user", content: "Go on" },
    { role: "assistant", edited: "Changed", run: saved() },
    { role: "user", content: "Once more" },
    { role: "assistant", edited: null, run: null },
  ]);
  const { turns } = conversation.getState();
  const texts = turns.map((turn) => (turn.role === "user" ? turn.content : replyText(turn)));
  const reply = recordedRun()
    .frames.map(({ text }) => text)
    .join("")
    .trim();
  expect(texts).toEqual(["Hello", reply, "Go on", "Changed", "Once more", ""]);
  expect(new Set(turns.map(({ id }) => id)).size).toBe(turns.length);
  conversation.say("More", {});
  expect(conversation.getState().turns).toHaveLength(8);
});
