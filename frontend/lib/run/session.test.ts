import { expect, test, vi } from "vitest";
import { Refused } from "@/lib/client/failure";
import type { openRun } from "@/lib/client/run-stream";
import type { RunRequest } from "@/lib/contract";
import type { RunEvent, TokenFrame } from "@/lib/contract/frames";
import { RECORDED } from "@/lib/contract/recordings.fixture";
import { branchOf, isBundled, placed, recordOf } from "./branches";
import { isForkedAt } from "./fork";
import { createRunController } from "./run-controller";
import { createRunStore } from "./run-store";
import { createSession, MAX_BRANCHES, type Session } from "./session";

const OTHER = { id: 4000, text: " cat", prob: 0.25 };

/** A server that repeats the recording, with another token where one is forced. */
function sessionWithServer(answer: (request: RunRequest) => readonly RunEvent[] = written) {
  const requests: RunRequest[] = [];
  const open: typeof openRun = async function* (request) {
    requests.push(request);
    yield* answer(request);
  };
  const session = createSession(open, (given) => createRunStore((paint) => paint(), given));
  return { requests, session };
}

function written({ forced_ids = [] }: RunRequest): readonly RunEvent[] {
  return RECORDED.map((event) => {
    if (event.type !== "token") return event;
    const id = forced_ids[event.frame.index] ?? event.frame.id;
    const forced = event.frame.index < forced_ids.length;
    return { type: "token", frame: { ...event.frame, id, forced, label: `t${id}` } };
  });
}

async function* recordedEvents() {
  yield* RECORDED;
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

test("a branch requests the same run with the tokens before the fork and the other one forced", async () => {
  const { session, requests, original } = await ran();
  session.fork(3, OTHER);
  expect(requests[1]).toMatchObject({ prompt: "Once upon a time, there was a little", seed: 7 });
  expect(requests[1]?.forced_ids).toEqual([...original.slice(0, 3), OTHER.id]);
  expect(requests[1]).not.toHaveProperty("messages");
  await done(session);
  expect(ids(session)).toEqual([...original.slice(0, 3), OTHER.id, ...original.slice(4)]);
  expect(shown(session).fork).toMatchObject({ step: 3, token: OTHER });
});

test("a branch shows the token at which it was forked, and stays there", async () => {
  const { session } = await ran();
  const root = shown(session);
  session.fork(3, OTHER);
  const branch = shown(session);
  expect(branch.store.getState().selected).toBe(3);
  await done(session);
  expect(branch.store.getState().selected).toBe(3);
  expect(isForkedAt(recordOf(branch).frames, 3)).toBe(true);
  // The same where the branch is known already.
  branch.store.select(null);
  session.choose(root.id);
  session.fork(3, OTHER);
  expect(shown(session)).toBe(branch);
  expect(branch.store.getState().selected).toBe(3);
});

test("a branch that failed is retried at the token that is shown", async () => {
  let fails = true;
  const { session } = sessionWithServer((request) => {
    if (request.forced_ids && fails) throw new Error("away");
    return written(request);
  });
  session.run({ prompt: "Once" });
  await done(session);
  session.fork(3, OTHER);
  const { store, controller } = shown(session);
  await vi.waitFor(() => expect(store.getState().run.phase).toBe("failed"));
  fails = false;
  await controller.retry();
  expect(store.getState().run.phase).toBe("done");
  expect(store.getState().selected).toBe(3);
});

test("the fork is at the last given token before one that the model chose", () => {
  const frames = (given: string) =>
    [...given].map((each) => ({ forced: each === "g" })) as unknown as readonly TokenFrame[];
  const forks = (given: string) =>
    [...given].flatMap((_, step) => (isForkedAt(frames(given), step) ? [step] : []));
  expect(forks("cccgcc")).toEqual([3]);
  // Restored: the server was given the shared tokens, too.
  expect(forks("ggggcc")).toEqual([3]);
  expect(forks("cgcgcc")).toEqual([1, 3]);
  expect(forks("cccg")).toEqual([3]);
  // All of it was given, so that two runs can be compared.
  expect(forks("gggg")).toEqual([]);
  expect(forks("cccc")).toEqual([]);
});

test("the shared tokens of a branch are shown before the server answers", async () => {
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
  // The shared tokens were sampled in the parent, so they are not marked as forced.
  expect(recordOf(shown(session)).frames.map(({ forced }) => forced)).toEqual(
    parent.frames.map((_, index) => index === 5),
  );
});

test("a fork at a shared token has the run that generated it as its parent", async () => {
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

test("forking twice at the same token opens the same branch; the original token opens the parent", async () => {
  const { session, requests, original } = await ran();
  const root = shown(session).id;
  session.fork(4, OTHER);
  const branch = shown(session).id;
  session.choose(root);
  session.fork(4, OTHER);
  expect(shown(session).id).toBe(branch);
  session.fork(4, { ...OTHER, id: original[4] ?? 0 });
  expect(shown(session).id).toBe(root);
  expect(requests).toHaveLength(2);
});

test("a branch whose model is missing keeps the shared tokens and can be retried", async () => {
  const failure = {
    code: "unknown_model",
    title: "No such model here",
    detail: "",
    field: "model",
  };
  let missing = true;
  const { session, requests, original } = await (async () => {
    const made = sessionWithServer((request) => {
      if (request.forced_ids && missing) throw new Refused(failure);
      return written(request);
    });
    made.session.run({ prompt: "Once" });
    await done(made.session);
    return { ...made, original: ids(made.session) };
  })();
  session.fork(3, OTHER);
  await vi.waitFor(() => expect(recordOf(shown(session)).phase).toBe("failed"));
  expect(recordOf(shown(session))).toMatchObject({ failure });
  expect(ids(session)).toEqual(original.slice(0, 3));
  missing = false;
  await shown(session).controller.resume();
  expect(requests[2]?.forced_ids).toEqual([...original.slice(0, 3), OTHER.id]);
  expect(ids(session)).toEqual([...original.slice(0, 3), OTHER.id, ...original.slice(4)]);
});

test("a new run is added beside the others and replaces one that never started", async () => {
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

test("deleting a branch deletes its descendants and shows its parent", async () => {
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

test("at most MAX_BRANCHES runs are kept; the oldest without descendants is deleted first", async () => {
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

test("the bundled recording gives way to the next run, unless it was forked", async () => {
  const { session, requests } = sessionWithServer();
  const recording = async () => {
    const store = createRunStore((paint) => paint());
    const controller = createRunController(store, async function* () {});
    session.adopt({ store, controller }, "", true);
    await controller.replay(recordedEvents(), "mav-tiny");
  };
  await recording();
  expect(session.getState().branches).toHaveLength(1);
  expect(isBundled(shown(session))).toBe(true);
  session.run({ prompt: "Once" });
  await done(session);
  expect(session.getState().branches).toHaveLength(1);
  expect(requests).toHaveLength(1);

  await recording();
  session.fork(3, OTHER);
  await done(session);
  session.run({ prompt: "Once" });
  expect(session.getState().branches).toHaveLength(4);
});

test("a recording that is continued on the server is a run of the visitor", async () => {
  const { session } = sessionWithServer();
  const store = createRunStore((paint) => paint());
  const controller = createRunController(store, async function* () {});
  session.adopt({ store, controller }, "", true);
  await controller.replay(recordedEvents(), "mav-tiny");
  await controller.resume();
  expect(isBundled(shown(session))).toBe(false);
});

test("a fork does not pause where its run was paused", async () => {
  const { session, requests } = sessionWithServer((request) =>
    written(request).map((event) => {
      if (event.type !== "start") return event;
      const breakpoints = { ...event.start.settings.breakpoints, after: 12, loop: true };
      const settings = { ...event.start.settings, breakpoints };
      return { ...event, start: { ...event.start, settings } as typeof event.start };
    }),
  );
  session.run({ prompt: "Once" });
  await done(session);
  session.fork(3, OTHER);
  await done(session);
  expect(requests[1]?.breakpoints).toMatchObject({ after: null, loop: true });
});
