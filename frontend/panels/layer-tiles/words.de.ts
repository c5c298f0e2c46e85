import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  title: "Schichtkacheln",
  inWords: "Jede Kachel ist ein Bild vom Zustand des Modells nach einem Schritt der Berechnung.",
  unit: "Abweichungen",
  signals: {
    residual: "resid_post",
    mlp: "mlp_out",
    attn: "attn_out",
  },
  hookPoint: "resid_post, mlp_out oder attn_out",
  drawn: (tensor: string, projection: string) => `${tensor}, Projektion ${projection}`,
  howToRead:
    "Jede Kachel ist der Vektor einer Schicht, auf ein kleines Bild projiziert: 0 ist der Mittelwert dieser Schicht, 1 eine Standardabweichung. Beide sind für den ganzen Lauf fest.",
  caution:
    "Eine Zelle mischt viele Dimensionen des Modells: Eine einzelne Zelle steht für kein bestimmtes Feature, und benachbarte Zellen haben nichts miteinander zu tun.",
  maps: {
    energy: "Energie",
    gray: "Graustufen",
    viridis: "Viridis",
    magma: "Magma",
    cividis: "Cividis",
    hue: "Helligkeit + Farbton",
  },
  mapLabel: "Farben",
  drawLabel: "Darstellung",
  draws: { value: "Wert", magnitude: "Betrag", change: "Änderung" },
  hueLabel: "Farbton",
  hues: { change: "Änderung", sign: "Vorzeichen" },
  changeHint: "Änderung gegenüber dem vorherigen Token",
  robust: "1 = Standardabweichung der Schicht, ohne massive Aktivierungen",
  robustHint:
    "Wenige Positionen, etwa das erste Token, haben in manchen Schichten Vektoren, die hundertmal so lang sind wie alle anderen. Sie zählen nicht zu Mittelwert und Abweichung, sonst wären alle anderen Kacheln fast leer.",
  gamma: "Gamma",
  clip: "Grenze",
  clipped: (share: string) => `${share}\u00a0% der Zellen liegen über der Grenze`,
  noBefore: "Das erste Token hat keinen Vorgänger, mit dem man es vergleichen könnte.",
  picture: (layers: number, rows: number, columns: number) =>
    `${layers} Schichten als Kacheln von ${rows} mal ${columns} Zellen.`,
  keys: "Pfeiltasten wechseln die Zelle, Bild auf und Bild ab die Schicht, Enter vergrößert eine Schicht.",
  strongest: (layer: number, size: string) =>
    `Am weitesten vom Mittelwert: Schicht ${layer}, ${size} Abweichungen.`,
  cells: { random: "Richtung", pca: "Komponente" },
  layer: (layer: number) => `Schicht ${layer}`,
  cell: (layer: number, name: string, cell: number, row: number, column: number) =>
    `Schicht ${layer}, ${name} ${cell} (Zeile ${row}, Spalte ${column})`,
  value: (value: string) => value,
  before: (value: string) => `davor ${value}`,
  absent: "fehlt",
  choose: "Ein Klick vergrößert eine Schicht.",
  chooseOne: "Zeige auf eine Zelle.",
  all: "Alle Schichten",
  fell: "gefallen",
  rose: "gestiegen",
  negative: "negativ",
  positive: "positiv",
  columns: ["Schicht", "Zeile", "Spalte", "Abweichungen"] as const,
};
