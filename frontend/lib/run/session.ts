import { createStore, type StoreApi } from "zustand/vanilla";
import type { openRun } from "@/lib/client/run-stream";
import type { RunRequest } from "@/lib/contract";
import type { Pace } from "@/lib/pace/pace";
import {
  type Branch,
  branchOf,
  branchWith,
  forkOwner,
  isBundled,
  oldestSpare,
  recordOf,
  withDescendants,
} from "./branches";
import { type Alternative, type ForkPoint, forkRecord, forkRequest, isForkable } from "./fork";
import { createRunController } from "./run-controller";
import { EMPTY_RUN, isBusy, type RunRecord } from "./run-record";
import { createRunStore, type RunStore } from "./run-store";

/** The maximum number of runs. Beyond it, the oldest without descendants is deleted. */
export const MAX_BRANCHES = 24;

export interface SessionState {
  /** In the order of their creation. */
  readonly branches: readonly Branch[];
  /** The id of the branch that the instrument shows. */
  readonly chosen: number;
}

/** All runs of a visit as trees of branches; one of them is shown. */
export interface Session extends StoreApi<SessionState> {
  /** Starts a new run. The shown one is stopped if it is in progress. */
  run(request: RunRequest): void;
  /** Forks the shown run with another token at this step, and shows that token of the branch. */
  fork(step: number, token: Alternative): void;
  /**
   * Shows a run that was made elsewhere, such as a reply of a conversation.
   *
   * @param bundled whether it is the recording that comes with the page
   */
  adopt(run: Pick<Branch, "store" | "controller">, name: string, bundled?: boolean): void;
  choose(id: number): void;
  rename(id: number, name: string): void;
  /** Deletes a branch and its descendants. */
  remove(id: number): void;
}

type MakeStore = (given: RunRecord) => RunStore;

/** @param pace how fast the tokens of new runs are shown; null shows them as they arrive */
export function createSession(
  open: typeof openRun,
  makeStore: MakeStore = (given) => createRunStore(undefined, given, true),
  pace: StoreApi<Pace> | null = null,
): Session {
  let next = 0;
  const begun = (given: Partial<Branch> & { record?: RunRecord } = {}): Branch => {
    const { record = EMPTY_RUN, ...rest } = given;
    const store = rest.store ?? makeStore(record);
    const controller = rest.controller ?? createRunController(store, open, pace);
    const root = { parent: null, fork: null, name: "", bundled: false };
    return { ...root, ...rest, id: next++, store, controller };
  };
  const first = begun();
  const session = createStore<SessionState>(() => ({ branches: [first], chosen: first.id }));
  const all = () => session.getState().branches;
  const shown = () => branchOf(all(), session.getState().chosen);
  const show = (branch: Branch, instead: Branch | null = null) => {
    const others = all().filter((each) => each !== instead);
    const branches = withRoom([...others, branch], branch.id);
    session.setState({ branches, chosen: branch.id });
  };

  return {
    ...session,
    run(request) {
      const present = shown();
      const record = recordOf(present);
      if (isBusy(record)) present.controller.stop();
      // A run that never started is used.
      const fresh = record.start !== null;
      const branch = fresh ? begun() : present;
      if (fresh) show(branch, spare(all(), present));
      void branch.controller.run(request);
    },
    fork(step, token) {
      const origin = forkOwner(all(), shown(), step);
      const run = recordOf(origin);
      if (!isForkable(run, step)) return;
      const known = branchWith(all(), origin, step, token.id);
      if (known) {
        known.store.select(step);
        return session.setState({ chosen: known.id });
      }
      const point: ForkPoint = { step, token, instead: run.frames[step]?.label ?? "" };
      const branch = begun({ parent: origin.id, fork: point, record: forkRecord(run, point) });
      show(branch);
      void branch.controller.goOn(forkRequest(run, point), step);
    },
    adopt({ store, controller }, name, bundled = false) {
      const known = all().find((branch) => branch.store === store);
      if (known) session.setState({ chosen: known.id });
      else show(begun({ store, controller, name, bundled }), spare(all(), shown()));
    },
    choose: (id) => session.setState({ chosen: branchOf(all(), id).id }),
    rename: (id, name) =>
      session.setState({
        branches: all().map((each) => (each.id === id ? { ...each, name: name.trim() } : each)),
      }),
    remove(id) {
      const removed = withDescendants(all(), id);
      for (const branch of removed) branch.controller.stop();
      const left = all().filter((branch) => !removed.includes(branch));
      const { parent } = branchOf(all(), id);
      const branches = left.length > 0 ? left : [begun()];
      const near = branches.find((branch) => branch.id === parent) ?? branches.at(-1);
      const chosen = branches.find((branch) => branch.id === session.getState().chosen) ?? near;
      session.setState({ branches, chosen: chosen?.id ?? 0 });
    },
  };
}

/**
 * Returns the branch if the next run replaces it: if it has never started a run, or is the bundled
 * recording and has no forks. Otherwise null.
 */
function spare(branches: readonly Branch[], branch: Branch): Branch | null {
  const isForked = branches.some(({ parent }) => parent === branch.id);
  const isEmpty = recordOf(branch).phase === "idle";
  return isEmpty || (isBundled(branch) && !isForked) ? branch : null;
}

/**
 * Removes a branch if there are more than MAX_BRANCHES, but never the one with the id `kept` or its
 * ancestors.
 */
function withRoom(branches: readonly Branch[], kept: number): readonly Branch[] {
  if (branches.length <= MAX_BRANCHES) return branches;
  const spare = oldestSpare(branches, kept);
  if (!spare) return branches;
  spare.controller.stop();
  return branches.filter((branch) => branch !== spare);
}
