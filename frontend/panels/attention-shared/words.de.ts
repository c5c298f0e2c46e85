import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  label: "Angezeigte Attention",
  layer: "Schicht",
  head: "Kopf",
  all: "alle (Mittel)",
  mean: "Mittel",
  absent: (layer: number) => `${layer} (keine Attention)`,
  scale: "Skala",
  linear: (full: string) => `linear, 0–${full}\u00a0%`,
  root: (full: string) => `Wurzel, 0–${full}\u00a0%`,
  scaleHint:
    "Linear: doppeltes Gewicht, doppelte Farbe. Wurzel: Kleine Gewichte werden verstärkt (die Farbe folgt der Quadratwurzel). Die volle Farbe entspricht dem Ende des Bereichs.",
  first: "Erstes Token",
  firstHint:
    "Viele Köpfe richten in jedem Text viel Attention auf das erste Token (ein Attention Sink). Wo es ausgelassen ist, werden die anderen Token als Anteile des Rests gezeigt.",
  leftOutOf: { means: "in Mittelwerten ausgelassen", always: "ausgelassen", never: "gezeigt" },
  leftOut: (share: string) =>
    `Erstes Token ausgelassen (Anteil ${share}\u00a0%). Die anderen: Anteile des Rests.`,
  leftOutNotes: {
    means: "Mittel ohne das erste Token",
    always: "ohne das erste Token",
    never: "",
  },
  reading: {
    all: "Mittel aller Schichten und Köpfe",
    layer: (layer: number) => `Schicht ${layer}, Mittel der Köpfe`,
    head: (layer: number, head: number) => `Schicht ${layer}, Kopf ${head}`,
  },
  none: "hier keine Attention",
  weight: (label: string, percent: string) => `${label} ${percent}\u00a0%`,
  ofRest: (percent: string) => `${percent}\u00a0% des Rests`,
};
