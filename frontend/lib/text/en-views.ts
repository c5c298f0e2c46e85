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

/** The words of what stands around the instrument: its branches, and the other views. */
export const viewText = {
  views: {
    label: "Views",
    names: { instrument: "Instrument", compare: "Compare", chat: "Chat" },
    back: "Back to the instrument",
  },
  fork: {
    label: "Branches of the run",
    title: "Branches",
    treeLabel: "Runs and their branches. F2 renames, Delete deletes.",
    unnamed: "Run",
    broken: "broke off",
    beside: "Side by side",
    rename: "Rename",
    remove: "Delete",
    removeWith: (n: number) =>
      `Delete it and the ${n === 1 ? "branch" : `${n} branches`} that grew from it`,
    nameLabel: "Name of the branch",
    namePlaceholder: "What shall it be called?",
    named: (token: string, step: number) => `${token} at token ${step}`,
    describeRoot: (name: string, written: number, state: string) =>
      [name, tokens(written), state].filter(Boolean).join(", "),
    describe: ({ name, token, percent, instead, step, written, state }: DescribedBranch) =>
      [
        name,
        `${token} instead of ${instead} at token ${step}, probability ${percent} %`,
        tokens(written),
        state,
      ]
        .filter(Boolean)
        .join(", "),
    modelGone: (model: string) =>
      `This branch needs the model ${model}, which the server no longer has. Bring it back there and try again, or choose another branch: all that was received stays.`,
  },
} as const;
