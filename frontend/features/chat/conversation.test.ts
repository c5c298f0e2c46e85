import { expect, test, vi } from "vitest";
import { Refused } from "@/lib/client/failure";
import type { openRun } from "@/lib/client/run-stream";
import type { RunRequest } from "@/lib/contract";
import type { RunEvent } from "@/lib/contract/frames";
import { RECORDED } from "@/lib/contract/recordings.fixture";
import { createRunStore } from "@/lib/run/run-store";
import { createConversation, messagesOf, replyText, type Turn } from "./conversation";

const REPLY = RECORDED.flatMap((event) => (event.type === "token" ? [event.frame.text] : []))
  .join("")
  .trim();

function talk(answer: (request: RunRequest) => readonly RunEvent[] = () => RECORDED) {
  const requests: RunRequest[] = [];
  const open: typeof openRun = async function* (request) {
    requests.push(request);
    yield* answer(request);
  };
  const chat = createConversation(open, () => createRunStore((paint) => paint()));
  const reply = () => chat.getState().turns.at(-1) as Turn & { role: "assistant" };
  const answered = () =>
    vi.waitFor(() => expect(reply().run.store.getState().run.phase).toBe("done"));
  return { requests, chat, reply, answered };
}

test("sends each message with all messages before it", async () => {
  const { chat, requests, answered, reply } = talk();
  chat.setSystem(" Be brief. ");
  chat.say("Hello", { model: "m", temperature: 0.5 });
  await answered();
  expect(replyText(reply())).toBe(REPLY);
  chat.say("And then?", { model: "m" });
  await answered();
  expect(requests[0]).toEqual({
    model: "m",
    temperature: 0.5,
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hello" },
    ],
  });
  expect(requests[1]?.messages?.map(({ role }) => role)).toEqual([
    "system",
    "user",
    "assistant",
    "user",
  ]);
  expect(requests[1]?.messages?.[2]?.content).toBe(REPLY);
});

test("a reply that a time limit ends continues by itself", async () => {
  const done = { ...RECORDED.at(-1), type: "done" } as RunEvent & { type: "done" };
  const cut = {
    type: "done",
    done: { ...done.done, reason: "deadline", resume: "token" },
  } as const;
  const parts = [
    [...RECORDED.slice(0, 6), cut],
    [...RECORDED.slice(0, 2), ...RECORDED.slice(6)],
  ];
  const { chat, requests, answered, reply } = talk(() => parts[requests.length - 1] ?? []);
  chat.say("Hello", {});
  await answered();
  expect(replyText(reply())).toBe(REPLY);
  expect(requests[1]).toEqual({ resume: "token" });
});

test("answers an edited question and removes the turns after it", async () => {
  const { chat, requests, answered } = talk();
  chat.say("one", {});
  await answered();
  chat.say("two", {});
  await answered();
  const first = chat.getState().turns[0];
  chat.edit(first?.id ?? -1, "uno", {});
  await answered();
  expect(requests[2]?.messages).toEqual([{ role: "user", content: "uno" }]);
  expect(chat.getState().turns).toHaveLength(2);
});

test("sends an edited reply as the model's reply", async () => {
  const { chat, requests, answered, reply } = talk();
  chat.say("one", {});
  await answered();
  chat.edit(reply().id, "I never said that.", {});
  chat.say("two", {});
  await answered();
  expect(requests[1]?.messages?.[1]).toEqual({ role: "assistant", content: "I never said that." });
});

test("regenerating sends the same question with a new seed and replaces the reply", async () => {
  const { chat, requests, answered, reply } = talk();
  chat.say("one", { seed: 4 });
  await answered();
  const first = reply();
  chat.regenerate(first.id, { seed: 4, temperature: 1 });
  await answered();
  expect(requests[1]).toEqual({ temperature: 1, messages: [{ role: "user", content: "one" }] });
  expect(reply().run).not.toBe(first.run);
  expect(chat.getState().turns).toHaveLength(2);
});

test("keeps a failed reply in its place and does not send it with later messages", async () => {
  const failure = { code: "prompt_too_long", title: "No", detail: "Too long", field: "messages" };
  let full = true;
  const { chat, requests, answered, reply } = talk(() => {
    if (full) throw new Refused(failure);
    return RECORDED;
  });
  chat.say("one", {});
  await vi.waitFor(() => expect(reply().run.store.getState().run.failure).toEqual(failure));
  full = false;
  chat.say("two", {});
  await answered();
  expect(requests[1]?.messages).toEqual([
    { role: "user", content: "one" },
    { role: "user", content: "two" },
  ]);
});

test("shortening removes the oldest question and asks the last one again", async () => {
  const { chat, requests, answered } = talk();
  chat.say("one", {});
  await answered();
  chat.say("two", {});
  await answered();
  chat.shorten({});
  await answered();
  expect(requests[2]?.messages).toEqual([{ role: "user", content: "two" }]);
  expect(messagesOf(chat.getState())).toHaveLength(2);
});

test("sending a message stops a reply that is still being generated", async () => {
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

test("taking a question back makes it the draft", async () => {
  const { chat, answered } = talk();
  chat.say("one", {});
  await answered();
  chat.say("two and much more", {});
  await answered();
  chat.takeBack();
  expect(chat.getState().draft).toBe("two and much more");
  expect(chat.getState().turns).toHaveLength(2);
});
