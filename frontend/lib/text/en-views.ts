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
        `${token} instead of ${instead} at token ${step}, probability ${percent} %`,
        tokens(written),
        state,
      ]
        .filter(Boolean)
        .join(", "),
    modelGone: (model: string) =>
      `This branch needs the model ${model}, which is no longer on the server. Restore it there and try again, or choose another branch. Everything received is kept.`,
  },
  compare: {
    label: "Comparison",
    sideLabel: "Settings of",
    run: (side: "a" | "b") => `Run ${side.toUpperCase()}`,
    letter: (side: "a" | "b") => side.toUpperCase(),
    tokens,
    modeLabel: "Text",
    modes: {
      own: {
        name: "Each its own",
        detail: "Each run continues its own text; see where they diverge.",
      },
      forced: {
        name: "A’s for both",
        detail: "B is forced to write A’s text, so both predict every token after the same words.",
      },
    },
    same: "B has the same settings as A. Open run B and change one.",
    differences: "Settings of B that differ from A",
    none: "none",
    undo: (name: string) => `${name}: same as A`,
    overview: "Overview of the comparison",
    going: "Comparing",
    done: "Compared",
    ended: "Not finished",
    beside: "Side by side",
    meanKl: (n: number) => `mean KL over ${tokens(n)}`,
    sameTop: "same likeliest token",
    firstDifference: "texts diverge",
    noDifference: "nowhere",
    at: (step: number) => `at token ${step}`,
    overBefore: (step: number) => `This run ended before token ${step}.`,
    measure: "Measure the divergence",
    measureHint: "Run both again in step, and measure KL and layer differences at each token",
    choose: { left: "Branch on the left", right: "Branch on the right" },
    chart: {
      label: "Divergence of each token. Arrow keys move both runs.",
      howToRead:
        "Bar: KL(A‖B) in nats, the information lost when B’s prediction replaces A’s; 0 means identical. Orange top: their likeliest tokens differ. Faint: the texts have diverged. It compares predictions; it does not say which is better.",
      parted: (step: number) => `texts diverge at ${step}`,
      say: (step: number, a: string, b: string, kl: string | null) =>
        `token ${step}: A ${a}, B ${b}${kl === null ? "" : `, KL ${kl} nats`}`,
    },
    figures: {
      predictions: "Difference of predictions",
      predictionsHow:
        "Of the whole vocabulary, from raw logits, before any sampling control. Ranks count from 0.",
      kl: "KL(A‖B), nats",
      klReverse: "KL(B‖A), nats",
      rank: "rank of A’s token in B",
      rankReverse: "rank of B’s token in A",
      otherContext: "The texts have diverged: these are predictions after different words.",
      layers: "Difference by layer",
      layersHow:
        "Residual stream: length of the difference as a share of A’s length. Faint band: its range so far.",
      layersSummary: (rows: string) => `Distance by layer: ${rows}.`,
      scale: (max: string) => `Scale 0 to ${max}`,
      distance: "distance",
      cosine: "cosine",
    },
    empty: {
      title: "Compare two runs side by side.",
      detail:
        "One timeline moves both. For every token you see how much the two predictions differ, and in which layers the difference arises. What should differ?",
      choose: "Choose",
      models: {
        name: "Two models",
        detail: "Another model, or the same one in another precision.",
        alone: {
          before: "This server has one model. Started with",
          after: "it also has the int8 version.",
        },
      },
      prompts: { name: "Two prompts", detail: "Change a word and see what it does inside." },
      settings: { name: "Two settings", detail: "For example greedy and sampled." },
    },
  },
  chat: {
    label: "Conversation",
    turns: "Turns of the conversation",
    composer: "Next message",
    message: "Message",
    placeholder: "Say something …",
    send: "Send",
    you: "You",
    model: "Model",
    settings: "Settings",
    system: "System message",
    systemPlaceholder: "none",
    systemHelp: "Sent before the conversation, from the next reply on.",
    clear: "New conversation",
    context: "Context used",
    look: "Open in the instrument",
    regenerate: "Regenerate",
    editReply: "Edit reply",
    editMessage: "Edit message",
    edited: "edited by you",
    editHint: "Later messages are removed.",
    save: "Save",
    cancel: "Cancel",
    full: "The conversation no longer fits into the model’s context",
    shorten: "Remove the oldest question and try again",
    shortenMessage: "Shorten the message",
    replyName: (reply: string) => `Reply: ${reply.slice(0, 40)}`,
    empty: {
      title: "Chat with a model, and inspect every reply.",
      detail:
        "Each reply is a run: open it in the instrument to see what happened inside, token by token.",
      noTemplate: (model: string) =>
        `${model} has no chat template and was not trained for chat. The conversation is sent as plain lines that begin with “user:” and “assistant:”, and the model continues them like any text. mav-tiny was trained on children’s stories only, so expect a story rather than an answer.`,
      beginnings: [
        "Tell me a story about a cat and a red ball.",
        "What did the little dragon do next?",
      ],
    },
  },
} as const;
