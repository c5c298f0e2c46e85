import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  title: "Logit Lens",
  inWords: "Was das Modell sagen würde, wenn es nach jedem Schritt der Berechnung aufhörte.",
  unit: "Wahrscheinlichkeit, Rang",
  hookPoint: "resid_post → letzte Norm → Unembedding",
  howToRead:
    "Was jede Schicht vorhersagen würde, wenn sie die letzte wäre. Balken: Wahrscheinlichkeit dieses Tokens. Rang: Rang des tatsächlich gewählten Tokens.",
  caution:
    "Schichten sind nicht darauf trainiert, so ausgelesen zu werden: Eine frühe Schicht mit unsinniger Vorhersage kann die Antwort in anderer Form schon enthalten.",
  viewLabel: "Ansicht",
  views: { token: "Dieses Token", time: "Zeitverlauf" },
  colourLabel: "Bedeutung der Farbe",
  colours: { rank: "Rang des gewählten Tokens", prob: "Wahrscheinlichkeit" },
  layer: "Schicht",
  token: "Vorhersage",
  prob: "%",
  rank: "Rang des gewählten Tokens",
  none: "fehlt",
  settles: "steht fest",
  settled: (layer: number, label: string) =>
    `Ab Schicht ${layer} ist das wahrscheinlichste Token jeder Schicht „${label}“`,
  wasSaid: "und wurde gewählt.",
  wasNotSaid: (label: string, rank: string) => `gewählt wurde aber „${label}“ (Rang ${rank}).`,
  settledRule:
    "Steht fest: die erste Schicht, ab der das wahrscheinlichste Token dasselbe ist wie in der letzten Schicht.",
  unsettled: "Keine Schicht ließ sich auswerten.",
  tableLabel: "Was jede Schicht vorhersagen würde",
  timeLabel: (first: number, last: number) =>
    `Logit Lens nach Schicht für die Token ${first} bis ${last}. Pfeiltasten wechseln die Zelle; Enter zeigt dieses Token.`,
  cell: (layer: number, step: number) => `Schicht ${layer}, Token ${step}`,
  reading: (label: string, percent: string, rank: string) =>
    `„${label}“ ${percent}\u00a0%, gewähltes Token auf Rang ${rank}`,
  choose: "Zeige auf eine Zelle; ein Klick zeigt dieses Token.",
  rule: "Linie: Ab hier ändert sich die Vorhersage nicht mehr.",
  rankScale: (last: string) => ["Rang 0", `Rang ${last}`],
  probScale: ["0\u00a0%", "100\u00a0%"] as const,
  columns: [
    "Schicht",
    "Token-ID",
    "Token",
    "Wahrscheinlichkeit",
    "Rang des gewählten Tokens",
    "steht fest",
  ] as const,
};
