const tokens = (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "token" : "tokens"}`;

interface DescribedBranch {
  name: string;
  token: string;
  percent: string;
  instead: string;
  step: number;
  written: number;
  state: string;
}

export const english = {
  label: "Branches of the run",
  title: "Branches",
  treeLabel: "Runs and their branches. F2 renames, Delete deletes.",
  unnamed: "Run",
  broken: "failed",
  beside: "Side by side",
  rename: "Rename",
  remove: "Delete",
  removeWith: (n: number) => `Delete it and its ${n === 1 ? "branch" : `${n} branches`}`,
  nameLabel: "Name of the branch",
  namePlaceholder: "Name",
  named: (token: string, step: number) => `${token} at token ${step}`,
  describeRoot: (name: string, written: number, state: string) =>
    [name, tokens(written), state].filter(Boolean).join(", "),
  describe: ({ name, token, percent, instead, step, written, state }: DescribedBranch) =>
    [
      name,
      `${token} instead of ${instead} at token ${step}, probability ${percent}\u00a0%`,
      tokens(written),
      state,
    ]
      .filter(Boolean)
      .join(", "),
  modelGone: (model: string) =>
    `This branch needs the model ${model}, which is no longer on the server. Restore it there and try again, or choose another branch. Everything received is kept.`,
} as const;
