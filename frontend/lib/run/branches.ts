import type { ForkPoint } from "./fork";
import type { RunController } from "./run-controller";
import type { RunRecord } from "./run-record";
import type { RunStore } from "./run-store";

/** One run of a session: a root, or one that left another at a token. */
export interface Branch {
  readonly id: number;
  /** The branch that it grew from; null for a run of its own. */
  readonly parent: number | null;
  readonly fork: ForkPoint | null;
  /** As the visitor calls it; empty until then. */
  readonly name: string;
  readonly store: RunStore;
  readonly controller: RunController;
}

/** A branch in its place in the tree. */
export interface PlacedBranch {
  readonly branch: Branch;
  readonly depth: number;
  /** Lines between this one and the one that it grew from; 0 for a root. */
  readonly below: number;
}

export const recordOf = (branch: Branch): RunRecord => branch.store.getState().run;

/** The branch of this id, or the newest where it is gone. */
export function branchOf(branches: readonly Branch[], id: number): Branch {
  const found = branches.find((branch) => branch.id === id) ?? branches.at(-1);
  if (!found) throw new Error("a session holds one run at least");
  return found;
}

/** The branch that wrote this token itself: in others it is what they share with that one. */
export function forkOwner(branches: readonly Branch[], branch: Branch, step: number): Branch {
  const parent = branches.find(({ id }) => id === branch.parent);
  return parent && branch.fork && step <= branch.fork.step
    ? forkOwner(branches, parent, step)
    : branch;
}

/** The branch that has this very token there already: the run itself, or one that left it. */
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

/** All branches, each after the one that it grew from, later forks first so that lines nest. */
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

/** A branch and all that grew from it. */
export function withDescendants(branches: readonly Branch[], id: number): readonly Branch[] {
  const own = branches.filter((branch) => branch.id === id);
  const grown = branches.filter(({ parent }) => parent === id);
  return [...own, ...grown.flatMap((child) => withDescendants(branches, child.id))];
}

/** The oldest branch that nothing grew from, not counting the one of this id. */
export const oldestSpare = (branches: readonly Branch[], kept: number): Branch | undefined =>
  branches.find(
    (branch) => branch.id !== kept && !branches.some(({ parent }) => parent === branch.id),
  );
