import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

const tokens = (n: number) => `${n.toLocaleString("de")} Token`;

export const german: Translated<typeof english> = {
  label: "Vergleich",
  sideLabel: "Einstellungen von",
  run: (side: "a" | "b") => `Lauf ${side.toUpperCase()}`,
  letter: (side: "a" | "b") => side.toUpperCase(),
  tokens,
  modeLabel: "Text",
  modes: {
    own: {
      name: "Getrennte Texte",
      detail: "Jeder Lauf schreibt seinen eigenen Text; so siehst du, wo sie auseinandergehen.",
    },
    forced: {
      name: "Text von A für beide",
      detail:
        "B bekommt den Text von A vorgegeben, sodass beide jedes Token nach denselben Wörtern vorhersagen.",
    },
  },
  twoPlaces: (isFirstInBrowser) => ({
    title: "Die beiden Modelle laufen an verschiedenen Orten",
    detail: isFirstInBrowser
      ? "Das Modell von Lauf A läuft in deinem Browser, das von Lauf B auf dem Server. Wähle zwei Modelle, die am selben Ort laufen."
      : "Das Modell von Lauf A läuft auf dem Server, das von Lauf B in deinem Browser. Wähle zwei Modelle, die am selben Ort laufen.",
  }),
  same: {
    a: "B hat dieselben Einstellungen wie A. Öffne Lauf B und ändere eine.",
    b: "B hat dieselben Einstellungen wie A. Ändere unten eine.",
  },
  samePrompt: "Gleicher Prompt wie Lauf A",
  differences: "Einstellungen von B, die von A abweichen",
  none: "keine",
  undo: (name: string) => `${name}: wie bei A`,
  overview: "Überblick über den Vergleich",
  going: "Wird verglichen",
  done: "Verglichen",
  ended: "Nicht abgeschlossen",
  beside: "Nebeneinander",
  timeLimit: (n) =>
    `Das Zeitlimit des Servers hat den Vergleich nach ${tokens(n)} beendet. Ein Vergleich lässt sich nicht fortsetzen; weniger Token passen in das Limit.`,
  fewer: (n) => `Mit ${tokens(n)} erneut vergleichen`,
  compared: "verglichen",
  comparedUntil: "verglichen, bis die Texte abweichen",
  tokensOf: (some, all) => `${some.toLocaleString("de")} von ${tokens(all)}`,
  countOf: (some, all) => `${some.toLocaleString("de")} von ${all.toLocaleString("de")}`,
  meanKl: (n: number) => `mittlere KL über ${tokens(n)}`,
  sameTop: "gleiches wahrscheinlichstes Token",
  firstDifference: "Texte weichen ab",
  noDifference: "nirgends",
  at: (step: number) => `bei Token ${step}`,
  overBefore: (step: number) => `Dieser Lauf war vor Token ${step} zu Ende.`,
  measure: "Divergenz messen",
  measureHint:
    "Beide noch einmal parallel starten und bei jedem Token KL und Schichtunterschiede messen",
  choose: { left: "Zweig links", right: "Zweig rechts" },
  chart: {
    label: "Divergenz bei jedem Token. Pfeiltasten bewegen beide Läufe.",
    howToRead:
      "Balken: KL(A‖B) in Nat, die Information, die verloren geht, wenn die Vorhersage von B die von A ersetzt; 0 heißt gleich. Orange Spitze: Ihre wahrscheinlichsten Token sind verschieden. Blass: Die Texte weichen voneinander ab. Verglichen werden Vorhersagen; welche besser ist, zeigt das nicht.",
    divergesAt: (step: number) => `Texte weichen ab bei ${step}`,
    say: (step: number, a: string, b: string, kl: string | null) =>
      `Token ${step}: A ${a}, B ${b}${kl === null ? "" : `, KL ${kl} Nat`}`,
  },
  figures: {
    predictions: "Unterschied der Vorhersagen",
    predictionsHow:
      "Über das ganze Vokabular, aus den rohen Logits vor dem Sampling. Ränge zählen ab 0.",
    kl: "KL(A‖B), Nat",
    klReverse: "KL(B‖A), Nat",
    rank: "Rang des Tokens von A in B",
    rankReverse: "Rang des Tokens von B in A",
    otherContext:
      "Die Texte weichen schon vorher ab: Das sind Vorhersagen nach verschiedenen Wörtern.",
    layers: "Unterschied nach Schicht",
    layersHow:
      "Residualstrom: Norm der Differenz als Anteil der Norm bei A. Linie: bisheriger Wertebereich.",
    layersSummary: (rows: string) => `Abstand nach Schicht: ${rows}.`,
    scale: (max: string) => `Skala 0 bis ${max}`,
    distance: "Abstand",
    cosine: "Kosinus",
  },
  empty: {
    title: "Zwei Läufe nebeneinander vergleichen.",
    detail:
      "Eine Zeitleiste bewegt beide. Zu jedem Token siehst du, wie sehr sich die beiden Vorhersagen unterscheiden und in welchen Schichten der Unterschied entsteht. Was möchtest du ändern?",
    choose: "Wählen",
    models: {
      name: "Zwei Modelle",
      detail: "Ein anderes Modell oder dasselbe in anderer Genauigkeit.",
      alone: {
        before: "Dieser Server hat ein Modell. Gestartet mit",
        after: "hat er dasselbe auch in int8.",
      },
      aloneInBrowser:
        "In deinem Browser läuft nur ein Modell. Wähle für beide Läufe Modelle eines Servers.",
    },
    prompts: {
      name: "Zwei Prompts",
      detail: "Ändere ein Wort und sieh, was es im Modell bewirkt.",
    },
    settings: {
      name: "Zwei Einstellungen",
      detail: "Zum Beispiel Greedy und Sampling.",
    },
  },
};
