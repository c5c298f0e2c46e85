const tokens = (n: number) => `${n.toLocaleString("de")} Token`;

interface DescribedBranch {
  name: string;
  token: string;
  percent: string;
  instead: string;
  step: number;
  written: number;
  state: string;
}

/** The words of what stands around the instrument, in German: its branches, and the other views. */
export const viewText = {
  views: {
    label: "Ansichten",
    names: { instrument: "Instrument", compare: "Vergleich", chat: "Gespräch" },
    back: "Zurück zum Instrument",
  },
  fork: {
    label: "Zweige des Laufs",
    title: "Zweige",
    treeLabel: "Läufe und ihre Zweige. F2 benennt um, Entf löscht.",
    unnamed: "Lauf",
    broken: "abgebrochen",
    beside: "Nebeneinander",
    rename: "Umbenennen",
    remove: "Löschen",
    removeWith: (n: number) =>
      n === 1
        ? "Ihn und den Zweig löschen, der aus ihm wuchs"
        : `Ihn und die ${n} Zweige löschen, die aus ihm wuchsen`,
    nameLabel: "Name des Zweigs",
    namePlaceholder: "Wie soll er heißen?",
    named: (token: string, step: number) => `${token} bei Token ${step}`,
    describeRoot: (name: string, written: number, state: string) =>
      [name, tokens(written), state].filter(Boolean).join(", "),
    describe: ({ name, token, percent, instead, step, written, state }: DescribedBranch) =>
      [
        name,
        `${token} statt ${instead} bei Token ${step}, Wahrscheinlichkeit ${percent} %`,
        tokens(written),
        state,
      ]
        .filter(Boolean)
        .join(", "),
    modelGone: (model: string) =>
      `Dieser Zweig braucht das Modell ${model}, das der Server nicht mehr hat. Hol es dort zurück und versuch es noch einmal, oder wähle einen anderen Zweig: Alles Empfangene bleibt.`,
  },
  compare: {
    label: "Vergleich",
    sideLabel: "Einstellungen von",
    run: (side: "a" | "b") => `Lauf ${side.toUpperCase()}`,
    letter: (side: "a" | "b") => side.toUpperCase(),
    tokens,
    modeLabel: "Text",
    modes: {
      own: { name: "Jeder seinen", detail: "Beide schreiben frei; sieh, wo sie auseinandergehen." },
      forced: {
        name: "B liest den von A",
        detail:
          "B wird den Text von A entlanggeführt, so dass jedes Token nach denselben Wörtern vorhergesagt wird.",
      },
    },
    same: "B ist bisher wie A. Geh zu Lauf B und ändere, was anders sein soll.",
    differences: "Was B anders hat als A",
    none: "nichts",
    undo: (name: string) => `${name}: wie bei A`,
    overview: "Überblick über den Vergleich",
    going: "Wird verglichen",
    done: "Verglichen",
    ended: "Nicht zu Ende",
    beside: "Nebeneinander",
    meanKl: (n: number) => `mittlere KL über ${tokens(n)}`,
    sameTop: "gleiches wahrscheinlichstes Token",
    firstDifference: "Texte trennen sich",
    noDifference: "nirgends",
    at: (step: number) => `bei Token ${step}`,
    overBefore: (step: number) => `Dieser Lauf war vor Token ${step} zu Ende.`,
    measure: "Abstand messen",
    measureHint:
      "Beide laufen noch einmal im Gleichschritt und nennen KL und Unterschiede der Schichten zu jedem Token",
    choose: { left: "Zweig links", right: "Zweig rechts" },
    chart: {
      label: "Abstand bei jedem Token. Pfeiltasten bewegen beide Läufe.",
      howToRead:
        "Balken: KL(A‖B) in Nat, was verloren geht, wo die Vorhersage von B für die von A steht; 0 heißt gleich. Orange Spitze: Sie halten verschiedene Token für das wahrscheinlichste. Blass: Die Texte hatten sich davor getrennt. Verglichen werden Vorhersagen, nicht, welche besser ist.",
      parted: (step: number) => `Texte trennen sich bei ${step}`,
      say: (step: number, a: string, b: string, kl: string | null) =>
        `Token ${step}: A ${a}, B ${b}${kl === null ? "" : `, KL ${kl} Nat`}`,
    },
    figures: {
      predictions: "Abstand der Vorhersagen",
      predictionsHow:
        "Über das ganze Vokabular, aus den rohen Logits, vor jedem Schritt der Auswahl. Ränge zählen ab 0.",
      kl: "KL(A‖B), Nat",
      klReverse: "KL(B‖A), Nat",
      rank: "Rang des Tokens von A in B",
      rankReverse: "Rang des Tokens von B in A",
      otherContext:
        "Die Texte hatten sich davor getrennt: Das sind Vorhersagen nach verschiedenen Wörtern.",
      layers: "Abstand der Schichten",
      layersHow:
        "Residualstrom: Länge der Differenz als Anteil der Länge bei A. Blasses Band: ihr Bereich bisher.",
      layersSummary: (rows: string) => `Abstand nach Schicht: ${rows}.`,
      scale: (max: string) => `Skala 0 bis ${max}`,
      distance: "Abstand",
      cosine: "Kosinus",
    },
    empty: {
      title: "Zwei Läufen nebeneinander beim Denken zusehen.",
      detail:
        "Beide gehen im Gleichschritt unter einem Regler. Bei jedem Token steht, wie weit die beiden Vorhersagen auseinanderliegen und in welchen Schichten der Unterschied entsteht. Was soll verschieden sein?",
      choose: "Wählen",
      models: {
        name: "Zwei Modelle",
        detail: "Ein anderes Modell oder dasselbe in anderer Genauigkeit.",
        alone: {
          before: "Dieser Server bietet ein Modell. Gestartet mit",
          after: "hat er dasselbe auch in int8.",
        },
      },
      prompts: {
        name: "Zwei Prompts",
        detail: "Ändere ein Wort und sieh, was es im Innern bewirkt.",
      },
      settings: {
        name: "Zwei Einstellungen",
        detail: "Zum Beispiel: stets das erste gegen gezogen.",
      },
    },
  },
  chat: {
    label: "Gespräch",
    turns: "Beiträge des Gesprächs",
    composer: "Nächste Nachricht",
    message: "Nachricht",
    placeholder: "Sag etwas …",
    send: "Senden",
    you: "Du",
    model: "Modell",
    settings: "Einstellungen",
    system: "Systemnachricht",
    systemPlaceholder: "keine",
    systemHelp: "Wird dem Modell vor dem Gespräch gesagt, von der nächsten Antwort an.",
    clear: "Neues Gespräch",
    context: "Kontext belegt",
    look: "Im Instrument öffnen",
    regenerate: "Neu antworten",
    editReply: "Antwort bearbeiten",
    editMessage: "Nachricht bearbeiten",
    edited: "von dir bearbeitet",
    editHint: "Was danach kam, entfällt.",
    save: "Sichern",
    cancel: "Abbrechen",
    full: "Das Gespräch passt nicht mehr in den Kontext des Modells",
    shorten: "Die älteste Frage vergessen und noch einmal versuchen",
    shortenMessage: "Nachricht kürzen",
    replyName: (reply: string) => `Antwort: ${reply.slice(0, 40)}`,
    empty: {
      title: "Mit einem Modell sprechen und in jede Antwort hineinsehen.",
      detail:
        "Jede Antwort ist ein Lauf: Öffne sie im Instrument, um Token für Token zu sehen, was im Innern geschah.",
      noTemplate: (model: string) =>
        `${model} bringt keine Gesprächsvorlage mit: Niemand hat ihm beigebracht, sich zu unterhalten. Es bekommt das Gespräch als schlichte Zeilen, die mit „user:“ und „assistant:“ beginnen, und schreibt sie weiter wie jeden Text. mav-tiny etwa kennt nur englische Kindergeschichten; erwarte eher eine Geschichte als eine Antwort.`,
      beginnings: [
        "Tell me a story about a cat and a red ball.",
        "What did the little dragon do next?",
      ] as const,
    },
  },
};
