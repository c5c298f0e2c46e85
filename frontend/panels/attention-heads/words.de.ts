import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  title: "Attention-Köpfe",
  inWords:
    "Jeder Streifen ist ein Teil des Modells, der auf den Text zurückblickt, von links nach rechts. Je kräftiger die Farbe, desto mehr blickt er dorthin.",
  unit: "Anteil der Attention",
  hookPoint: "Attention-Muster, letzte Query",
  howToRead:
    "Ein Streifen pro Kopf, der Text von links nach rechts: je kräftiger die Farbe, desto mehr achtet dieser Kopf darauf. Ein Klick zeigt ihn im Text.",
  caution:
    "Ein Streifen zeigt, worauf ein Kopf bei diesem Token achtet. Was der Kopf damit tut und ob das Modell ihn braucht, zeigt erst ein Experiment.",
  layer: "Schicht",
  head: "Kopf",
  mean: "Mittel",
  pictureLabel: (summary: string) =>
    `Attention nach Schicht und Kopf. ${summary} Pfeiltasten wechseln den Kopf, Enter wählt.`,
  cell: (name: string, top: string) => `${name}: am meisten auf ${top}`,
  chosen: (name: string) => `Gewählt: ${name}`,
  span: (last: number) => `jeder Streifen: Positionen 0–${last.toLocaleString("de")}`,
  binned: (n: number) => `ein Pixel zeigt das Maximum von bis zu ${n} Positionen`,
  columns: ["Schicht", "Kopf"] as const,
};
