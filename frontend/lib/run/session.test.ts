import { expect, test, vi } from "vitest";
import type { RunRequest } from "@/lib/contract";
import { Refused } from "@/lib/transport/failure";
import type { openRun } from "@/lib/transport/run-stream";
import { branchOf, placed, recordOf } from "./branches";
import { RECORDED } from "./fixtures/recording";
import type { RunEvent } from "./frames";
import { createRunStore } from "./run-store";
import { createSession, MAX_BRANCHES, type Session } from "./session";

const OTHER = { id: 4000, text: " cat", prob: 0.25 };

/** A server that repeats the recording, with another token where one is forced. */
function sessionWithServer(answer: (request: RunRequest) => readonly RunEvent[] = written) {
  const asked: RunRequest[] = [];
  const open: typeof openRun = async function* (request) {
    asked.push(request);
    yield* answer(request);
  };
  const session = createSession(open, (given) => createRunStore((paint) => paint(), given));
  return { asked, session };
}

function written({ forced_ids = [] }: RunRequest): readonly RunEvent[] {
  return RECORDED.map((event) => {
    if (event.type !== "token") return event;
    const id = forced_ids[event.frame.index] ?? event.frame.id;
    const forced = event.frame.index < forced_ids.length;
    return { type: "token", frame: { ...event.frame, id, forced, label: `t${id}` } };
  });
}

const shown = (session: Session) => {
  const { branches, chosen } = session.getState();
  return branchOf(branches, chosen);
};
const ids = (session: Session) => recordOf(shown(session)).frames.map(({ id }) => id);
const done = (session: Session) =>
  vi.waitFor(() => expect(recordOf(shown(session)).phase).toBe("done"));

async function ran(): Promise<ReturnType<typeof sessionWithServer> & { original: number[] }> {
  const made = sessionWithServer();
  made.session.run({ prompt: "Once" });
  await done(made.session);
  return { ...made, original: ids(made.session) };
}

test("a branch asks for the same run with the tokens up to there and the other one", async () => {
  const { session, asked, original } = await ran();
  session.fork(3, OTHER);
  expect(asked[1]).toMatchObject({ prompt: "Once upon a time, there was a little", seed: 7 });
  expect(asked[1]?.forced_ids).toEqual([...original.slice(0, 3), OTHER.id]);
  expect(asked[1]).not.toHaveProperty("messages");
  await done(session);
  expect(ids(session)).toEqual([...original.slice(0, 3), OTHER.id, ...original.slice(4)]);
  expect(shown(session).fork).toMatchObject({ step: 3, token: OTHER });
});

test("what a branch shares with its run is shown before the server answers", async () => {
  let answering: () => void = () => {};
  const open: typeof openRun = async function* (request) {
    if (request.forced_ids) await new Promise<void>((resolve) => (answering = resolve));
    yield* written(request);
  };
  const session = createSession(open, (given) => createRunStore((paint) => paint(), given));
  session.run({ prompt: "Once" });
  await done(session);
  const parent = recordOf(shown(session));
  session.fork(5, OTHER);
  const record = recordOf(shown(session));
  expect(record.phase).toBe("connecting");
  expect(record.frames).toEqual(parent.frames.slice(0, 5));
  expect(record.prompt).toBe(parent.prompt);
  expect(record.domains.mlpNorm?.max).toBe(parent.domains.mlpNorm?.max);
  answering();
  await done(session);
  // Those tokens were chosen once; that the branch was forced along them changes nothing.
  expect(recordOf(shown(session)).frames.map(({ forced }) => forced)).toEqual(
    parent.frames.map((_, index) => index === 5),
  );
});

test("a fork within the shared beginning grows from the run that wrote it", async () => {
  const { session } = await ran();
  const root = shown(session).id;
  session.fork(6, OTHER);
  await done(session);
  const first = shown(session).id;
  session.fork(2, { ...OTHER, id: 7 });
  expect(shown(session).parent).toBe(root);
  session.choose(first);
  session.fork(8, { ...OTHER, id: 9 });
  expect(shown(session).parent).toBe(first);
  const rows = placed(session.getState().branches);
  expect(rows.map(({ depth, below }) => [depth, below])).toEqual([
    [0, 0],
    [1, 1],
    [2, 1],
    [1, 3],
  ]);
});

test("the same fork twice is one branch, and the original token leads back", async () => {
  const { session, asked, original } = await ran();
  const root = shown(session).id;
  session.fork(4, OTHER);
  const branch = shown(session).id;
  session.choose(root);
  session.fork(4, OTHER);
  expect(shown(session).id).toBe(branch);
  session.fork(4, { ...OTHER, id: original[4] ?? 0 });
  expect(shown(session).id).toBe(root);
  expect(asked).toHaveLength(2);
});

test("a branch whose model is gone keeps what was shared and can be asked for again", async () => {
  const gone = { code: "unknown_model", title: "No such model here", detail: "", field: "model" };
  let missing = true;
  const { session, asked, original } = await (async () => {
    const made = sessionWithServer((request) => {
      if (request.forced_ids && missing) throw new Refused(gone);
      return written(request);
    });
    made.session.run({ prompt: "Once" });
    await done(made.session);
    return { ...made, original: ids(made.session) };
  })();
  session.fork(3, OTHER);
  await vi.waitFor(() => expect(recordOf(shown(session)).phase).toBe("failed"));
  expect(recordOf(shown(session))).toMatchObject({ failure: gone });
  expect(ids(session)).toEqual(original.slice(0, 3));
  missing = false;
  await shown(session).controller.resume();
  expect(asked[2]?.forced_ids).toEqual([...original.slice(0, 3), OTHER.id]);
  expect(ids(session)).toEqual([...original.slice(0, 3), OTHER.id, ...original.slice(4)]);
});

test("a new run stands beside those before it, and one that never began makes way", async () => {
  const { session } = await ran();
  session.run({ prompt: "Twice" });
  await done(session);
  expect(session.getState().branches).toHaveLength(2);
  const refused = sessionWithServer(() => {
    throw new Refused({ code: "invalid_settings", title: "No", detail: "" });
  });
  refused.session.run({ prompt: "" });
  await vi.waitFor(() => expect(recordOf(shown(refused.session)).phase).toBe("failed"));
  refused.session.run({ prompt: "" });
  expect(refused.session.getState().branches).toHaveLength(1);
});

test("deleting a branch deletes what grew from it and shows the run it left", async () => {
  const { session } = await ran();
  const root = shown(session).id;
  session.fork(3, OTHER);
  await done(session);
  const branch = shown(session).id;
  session.fork(6, { ...OTHER, id: 8 });
  session.rename(branch, "  the cat ");
  expect(session.getState().branches[1]?.name).toBe("the cat");
  session.remove(branch);
  expect(session.getState().branches.map(({ id }) => id)).toEqual([root]);
  expect(shown(session).id).toBe(root);
  session.remove(root);
  expect(recordOf(shown(session)).phase).toBe("idle");
});

test("so many runs are kept; the oldest that nothing grew from goes first", async () => {
  const { session } = await ran();
  const root = shown(session).id;
  for (let id = 0; id < MAX_BRANCHES + 5; id++) {
    session.choose(root);
    session.fork(1, { ...OTHER, id: 5000 + id });
  }
  const { branches } = session.getState();
  expect(branches).toHaveLength(MAX_BRANCHES);
  expect(branches[0]?.id).toBe(root);
  expect(branches[1]?.fork?.token.id).toBe(5006);
});
