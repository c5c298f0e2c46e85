import type { ForkPoint } from "./fork";
import type { RunController } from "./run-controller";
import type { RunRecord } from "./run-record";
import type { RunStore } from "./run-store";

/** One run of a session: a root, or a branch that forks from another run at a token. */
export interface Branch {
  readonly id: number;
  /** The id of the run it was forked from; null for a root. */
  readonly parent: number | null;
  readonly fork: ForkPoint | null;
  /** The name that the visitor gave it; empty by default. */
  readonly name: string;
  /** Whether it began as the recording that comes with the page. */
  readonly bundled: boolean;
  readonly store: RunStore;
  readonly controller: RunController;
}

/** A branch with its position in the tree. */
export interface PlacedBranch {
  readonly branch: Branch;
  readonly depth: number;
  /** The number of rows from its parent to this row; 0 for a root. */
  readonly below: number;
}

/**
 * Whether the branch shows the recording that comes with the page, which is no run of the visitor: a
 * run that continues it on the server is.
 */
export const isBundled = (branch: Branch): boolean =>
  branch.bundled && recordOf(branch).source !== null;

export const recordOf = (branch: Branch): RunRecord => branch.store.getState().run;

/** Returns the branch with this id, or the newest if it was deleted. */
export function branchOf(branches: readonly Branch[], id: number): Branch {
  const found = branches.find((branch) => branch.id === id) ?? branches.at(-1);
  if (!found) throw new Error("a session holds one run at least");
  return found;
}

/** Returns the branch that generated this token itself, not the one that shares it as a prefix. */
export function forkOwner(branches: readonly Branch[], branch: Branch, step: number): Branch {
  const parent = branches.find(({ id }) => id === branch.parent);
  return parent && branch.fork && step <= branch.fork.step
    ? forkOwner(branches, parent, step)
    : branch;
}

/** Returns the branch that already has this token at this step: the run itself or a fork of it. */
export function branchWith(
  branches: readonly Branch[],
  origin: Branch,
  step: number,
  token: number,
): Branch | undefined {
  if (recordOf(origin).frames[step]?.id === token) return origin;
  return branches.find(
    ({ parent, fork }) => parent === origin.id && fork?.step === step && fork.token.id === token,
  );
}

/**
 * Returns all branches in tree order, each after its parent. Later forks come first so that the
 * connecting lines nest.
 */
export function placed(branches: readonly Branch[]): readonly PlacedBranch[] {
  const rows: PlacedBranch[] = [];
  const place = (branch: Branch, depth: number, parentRow: number) => {
    const row = rows.length;
    rows.push({ branch, depth, below: depth === 0 ? 0 : row - parentRow });
    const children = branches.filter(({ parent }) => parent === branch.id);
    children.sort((a, b) => (b.fork?.step ?? 0) - (a.fork?.step ?? 0) || a.id - b.id);
    for (const child of children) place(child, depth + 1, row);
  };
  for (const branch of branches) if (branch.parent === null) place(branch, 0, 0);
  return rows;
}

/** Returns a branch and all its descendants. */
export function withDescendants(branches: readonly Branch[], id: number): readonly Branch[] {
  const own = branches.filter((branch) => branch.id === id);
  const grown = branches.filter(({ parent }) => parent === id);
  return [...own, ...grown.flatMap((child) => withDescendants(branches, child.id))];
}

/** Returns the oldest branch without descendants, except the one with the id `kept`. */
export const oldestSpare = (branches: readonly Branch[], kept: number): Branch | undefined =>
  branches.find(
    (branch) => branch.id !== kept && !branches.some(({ parent }) => parent === branch.id),
  );
