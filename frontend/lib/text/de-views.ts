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
      n === 1 ? "Ihn und seinen Zweig löschen" : `Ihn und seine ${n} Zweige löschen`,
    nameLabel: "Name des Zweigs",
    namePlaceholder: "Name",
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
      `Dieser Zweig braucht das Modell ${model}, das der Server nicht mehr hat. Stelle es dort wieder her und versuch es noch einmal, oder wähle einen anderen Zweig. Alles Empfangene bleibt.`,
  },
  compare: {
    label: "Vergleich",
    sideLabel: "Einstellungen von",
    run: (side: "a" | "b") => `Lauf ${side.toUpperCase()}`,
    letter: (side: "a" | "b") => side.toUpperCase(),
    tokens,
    modeLabel: "Text",
    modes: {
      own: {
        name: "Jeder seinen",
        detail: "Jeder Lauf schreibt seinen eigenen Text; sieh, wo sie auseinandergehen.",
      },
      forced: {
        name: "Beide den von A",
        detail:
          "B muss den Text von A schreiben, so dass beide jedes Token nach denselben Wörtern vorhersagen.",
      },
    },
    same: "B hat dieselben Einstellungen wie A. Öffne Lauf B und ändere eine.",
    differences: "Einstellungen von B, die von A abweichen",
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
      "Beide noch einmal im Gleichschritt starten und bei jedem Token KL und Unterschiede der Schichten messen",
    choose: { left: "Zweig links", right: "Zweig rechts" },
    chart: {
      label: "Abstand bei jedem Token. Pfeiltasten bewegen beide Läufe.",
      howToRead:
        "Balken: KL(A‖B) in Nat, die Information, die verloren geht, wenn die Vorhersage von B die von A ersetzt; 0 heißt gleich. Orange Spitze: Ihre wahrscheinlichsten Token sind verschieden. Blass: Die Texte haben sich getrennt. Verglichen werden Vorhersagen; welche besser ist, zeigt das nicht.",
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
      title: "Zwei Läufe nebeneinander vergleichen.",
      detail:
        "Eine Zeitleiste bewegt beide. Zu jedem Token siehst du, wie sehr sich die beiden Vorhersagen unterscheiden und in welchen Schichten der Unterschied entsteht. Was soll verschieden sein?",
      choose: "Wählen",
      models: {
        name: "Zwei Modelle",
        detail: "Ein anderes Modell oder dasselbe in anderer Genauigkeit.",
        alone: {
          before: "Dieser Server hat ein Modell. Gestartet mit",
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
    systemHelp: "Wird vor dem Gespräch gesendet, ab der nächsten Antwort.",
    clear: "Neues Gespräch",
    context: "Kontext belegt",
    look: "Im Instrument öffnen",
    regenerate: "Neu antworten",
    editReply: "Antwort bearbeiten",
    editMessage: "Nachricht bearbeiten",
    edited: "von dir bearbeitet",
    editHint: "Spätere Nachrichten werden entfernt.",
    save: "Sichern",
    cancel: "Abbrechen",
    full: "Das Gespräch passt nicht mehr in den Kontext des Modells",
    shorten: "Die älteste Frage entfernen und noch einmal versuchen",
    shortenMessage: "Nachricht kürzen",
    replyName: (reply: string) => `Antwort: ${reply.slice(0, 40)}`,
    empty: {
      title: "Mit einem Modell chatten und in jede Antwort hineinsehen.",
      detail:
        "Jede Antwort ist ein Lauf: Öffne sie im Instrument, um Token für Token zu sehen, was im Innern geschah.",
      noTemplate: (model: string) =>
        `${model} hat keine Gesprächsvorlage und wurde nicht für Gespräche trainiert. Das Gespräch wird als einfache Zeilen gesendet, die mit „user:“ und „assistant:“ beginnen, und das Modell schreibt sie weiter wie jeden Text. mav-tiny wurde nur mit englischen Kindergeschichten trainiert; erwarte eher eine Geschichte als eine Antwort.`,
      beginnings: [
        "Tell me a story about a cat and a red ball.",
        "What did the little dragon do next?",
      ] as const,
    },
  },
};
