import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  title: "Atlas der Köpfe",
  inWords:
    "Jede kleine Karte ist ein Teil des Modells, der auf den Text zurückblickt. Jede Zeile ist ein Wort: je kräftiger die Farbe, desto mehr blickt es dorthin. Ein Klick zeigt die Karte im Text.",
  unit: "Anteil der Attention",
  hookPoint: "Attention-Muster, alle gemessenen Querys",
  howToRead:
    "Eine Karte pro Kopf, Schichten von unten nach oben: jede Zeile eine Query, jede Spalte ein Key. Abzeichen nennen, was ein Kopf in diesem Lauf im Mittel liest. Ein Klick zeichnet seine Bögen im Text und im Stapel.",
  caution:
    "Ein Abzeichen sagt, worauf ein Kopf in diesem Text achtet. Ein anderer Text kann ein anderes ergeben, und was der Kopf tut und ob das Modell ihn braucht, zeigt erst ein Experiment.",
};
