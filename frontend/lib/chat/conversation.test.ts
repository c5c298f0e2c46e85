import { expect, test, vi } from "vitest";
import type { RunRequest } from "@/lib/contract";
import { RECORDED } from "@/lib/run/fixtures/recording";
import type { RunEvent } from "@/lib/run/frames";
import { createRunStore } from "@/lib/run/run-store";
import { Refused } from "@/lib/transport/failure";
import type { openRun } from "@/lib/transport/run-stream";
import { createConversation, messagesOf, replyText, type Turn } from "./conversation";

const REPLY = RECORDED.flatMap((event) => (event.type === "token" ? [event.frame.text] : []))
  .join("")
  .trim();

function talk(answer: (request: RunRequest) => readonly RunEvent[] = () => RECORDED) {
  const asked: RunRequest[] = [];
  const open: typeof openRun = async function* (request) {
    asked.push(request);
    yield* answer(request);
  };
  const chat = createConversation(open, () => createRunStore((paint) => paint()));
  const reply = () => chat.getState().turns.at(-1) as Turn & { role: "assistant" };
  const answered = () =>
    vi.waitFor(() => expect(reply().run.store.getState().run.phase).toBe("done"));
  return { asked, chat, reply, answered };
}

test("each message goes out with all that was said before", async () => {
  const { chat, asked, answered, reply } = talk();
  chat.setSystem(" Be brief. ");
  chat.say("Hello", { model: "m", temperature: 0.5 });
  await answered();
  expect(replyText(reply())).toBe(REPLY);
  chat.say("And then?", { model: "m" });
  await answered();
  expect(asked[0]).toEqual({
    model: "m",
    temperature: 0.5,
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hello" },
    ],
  });
  expect(asked[1]?.messages?.map(({ role }) => role)).toEqual([
    "system",
    "user",
    "assistant",
    "user",
  ]);
  expect(asked[1]?.messages?.[2]?.content).toBe(REPLY);
});

test("a question that is changed is answered, and what came after it is gone", async () => {
  const { chat, asked, answered } = talk();
  chat.say("one", {});
  await answered();
  chat.say("two", {});
  await answered();
  const first = chat.getState().turns[0];
  chat.edit(first?.id ?? -1, "uno", {});
  await answered();
  expect(asked[2]?.messages).toEqual([{ role: "user", content: "uno" }]);
  expect(chat.getState().turns).toHaveLength(2);
});

test("a reply that is changed is what the model is told it said", async () => {
  const { chat, asked, answered, reply } = talk();
  chat.say("one", {});
  await answered();
  chat.edit(reply().id, "I never said that.", {});
  chat.say("two", {});
  await answered();
  expect(asked[1]?.messages?.[1]).toEqual({ role: "assistant", content: "I never said that." });
});

test("answering anew asks the same with a new seed and replaces the reply", async () => {
  const { chat, asked, answered, reply } = talk();
  chat.say("one", { seed: 4 });
  await answered();
  const first = reply();
  chat.regenerate(first.id, { seed: 4, temperature: 1 });
  await answered();
  expect(asked[1]).toEqual({ temperature: 1, messages: [{ role: "user", content: "one" }] });
  expect(reply().run).not.toBe(first.run);
  expect(chat.getState().turns).toHaveLength(2);
});

test("an error stays in its place, and nothing of it is sent on", async () => {
  const failure = { code: "prompt_too_long", title: "No", detail: "Too long", field: "messages" };
  let full = true;
  const { chat, asked, answered, reply } = talk(() => {
    if (full) throw new Refused(failure);
    return RECORDED;
  });
  chat.say("one", {});
  await vi.waitFor(() => expect(reply().run.store.getState().run.failure).toEqual(failure));
  full = false;
  chat.say("two", {});
  await answered();
  expect(asked[1]?.messages).toEqual([
    { role: "user", content: "one" },
    { role: "user", content: "two" },
  ]);
});

test("forgetting the oldest question leaves the rest and asks again", async () => {
  const { chat, asked, answered } = talk();
  chat.say("one", {});
  await answered();
  chat.say("two", {});
  await answered();
  chat.shorten({});
  await answered();
  expect(asked[2]?.messages).toEqual([{ role: "user", content: "two" }]);
  expect(messagesOf(chat.getState())).toHaveLength(2);
});

test("speaking stops a reply that is still being written", async () => {
  const aborted = vi.fn();
  const open: typeof openRun = async function* (_, signal) {
    signal.addEventListener("abort", aborted);
    yield* RECORDED.slice(0, 4);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  const chat = createConversation(open, () => createRunStore((paint) => paint()));
  chat.say("one", {});
  const reply = chat.getState().turns[1] as Turn & { role: "assistant" };
  await vi.waitFor(() => expect(reply.run.store.getState().run.frames).toHaveLength(2));
  chat.say("two", {});
  expect(aborted).toHaveBeenCalledOnce();
  expect(reply.run.store.getState().run.phase).toBe("stopped");
  chat.clear();
  expect(chat.getState().turns).toEqual([]);
});

test("a question can be taken back, to be said in fewer words", async () => {
  const { chat, answered } = talk();
  chat.say("one", {});
  await answered();
  chat.say("two and much more", {});
  await answered();
  chat.takeBack();
  expect(chat.getState().draft).toBe("two and much more");
  expect(chat.getState().turns).toHaveLength(2);
});
