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
  compare: {
    label: "Comparison",
    sideLabel: "Settings of",
    run: (side: "a" | "b") => `Run ${side.toUpperCase()}`,
    letter: (side: "a" | "b") => side.toUpperCase(),
    tokens,
    modeLabel: "Text",
    modes: {
      own: { name: "Each its own", detail: "Both write freely; see where they part." },
      forced: {
        name: "B reads A’s",
        detail: "B is forced along A’s text, so every token is predicted after the same words.",
      },
    },
    same: "B is as A so far. Turn to run B and change what shall differ.",
    differences: "What B has otherwise than A",
    none: "none",
    undo: (name: string) => `${name}: as in A`,
    overview: "Overview of the comparison",
    going: "Comparing",
    done: "Compared",
    ended: "Not finished",
    beside: "Side by side",
    meanKl: (n: number) => `mean KL over ${tokens(n)}`,
    sameTop: "same likeliest token",
    firstDifference: "texts part",
    noDifference: "nowhere",
    at: (step: number) => `at token ${step}`,
    overBefore: (step: number) => `This run was over before token ${step}.`,
    measure: "Measure the divergence",
    measureHint: "Runs both once more, in step, and tells KL and layer differences of each token",
    choose: { left: "Branch on the left", right: "Branch on the right" },
    chart: {
      label: "Divergence of each token. Arrow keys move both runs.",
      howToRead:
        "Bar: KL(A‖B) in nats, what is lost where B’s prediction stands for A’s; 0 means the same. Orange top: they find different tokens likeliest. Faint: the texts had parted before. It compares predictions, not which is better.",
      parted: (step: number) => `texts part at ${step}`,
      say: (step: number, a: string, b: string, kl: string | null) =>
        `token ${step}: A ${a}, B ${b}${kl === null ? "" : `, KL ${kl} nats`}`,
    },
    figures: {
      predictions: "Predictions apart",
      predictionsHow:
        "Of the whole vocabulary, from raw logits, before any sampling control. Ranks count from 0.",
      kl: "KL(A‖B), nats",
      klReverse: "KL(B‖A), nats",
      rank: "rank of A’s token in B",
      rankReverse: "rank of B’s token in A",
      otherContext: "The texts had parted before: these are predictions after different words.",
      layers: "Layers apart",
      layersHow:
        "Residual stream: length of the difference as a share of A’s length. Faint band: its range so far.",
      layersSummary: (rows: string) => `Distance by layer: ${rows}.`,
      scale: (max: string) => `Scale 0 to ${max}`,
      distance: "distance",
      cosine: "cosine",
    },
    empty: {
      title: "See two runs think side by side.",
      detail:
        "Both move in step under one scrubber. Every token shows how far apart the two predictions are, and in which layers the difference arises. What shall differ?",
      choose: "Choose",
      models: {
        name: "Two models",
        detail: "Another model, or the same one in another precision.",
        alone: {
          before: "This server offers one model. Started by",
          after: "it has the same in int8.",
        },
      },
      prompts: { name: "Two prompts", detail: "Change a word and see what it does inside." },
      settings: { name: "Two settings", detail: "Greedy against drawn, for a start." },
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
    systemHelp: "Told to the model before the conversation, from the next reply on.",
    clear: "New conversation",
    context: "Context used",
    look: "Open in the instrument",
    regenerate: "Answer anew",
    editReply: "Edit reply",
    editMessage: "Edit message",
    edited: "edited by you",
    editHint: "What came after it goes.",
    save: "Save",
    cancel: "Cancel",
    full: "The conversation no longer fits into the model’s context",
    shorten: "Forget the oldest question and try again",
    shortenMessage: "Shorten the message",
    replyName: (reply: string) => `Reply: ${reply.slice(0, 40)}`,
    empty: {
      title: "Talk with a model, and look into every reply.",
      detail:
        "Each reply is a run: open it in the instrument to see what happened inside, token by token.",
      noTemplate: (model: string) =>
        `${model} brings no chat template: nobody taught it to converse. It gets the conversation as plain lines that begin with “user:” and “assistant:”, and goes on with them as with any text. mav-tiny, for one, knows nothing but children’s stories, so expect a story rather than an answer.`,
      beginnings: [
        "Tell me a story about a cat and a red ball.",
        "What did the little dragon do next?",
      ],
    },
  },
} as const;
