import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

const aggregations = {
  l2: "L2-Norm",
  max_abs: "größter Betrag",
  mean_abs: "mittlerer Betrag",
  rms: "quadratisches Mittel",
};

export const german: Translated<typeof english> = {
  title: "MLP-Aktivierungen",
  inWords: "Wie stark jeder Schritt der Berechnung den Zustand des Modells ändert.",
  unit: (aggregation) => aggregations[aggregation],
  hookPoint: "Ausgaben der Blöcke",
  howToRead:
    "Wie stark jede Schicht den Zustand des Modells ändert. Blasses Band: ihr bisheriger Wertebereich in diesem Lauf.",
  caution:
    "Groß heißt nicht wichtig: Schichten haben verschiedene Größenordnungen, und die nächste kann den Beitrag der vorherigen aufheben.",
  layer: "Schicht",
  series: {
    mlpNorm: { name: "MLP", hookPoint: "Ausgabe jedes MLP-Blocks" },
    attnNorm: { name: "Attention", hookPoint: "Ausgabe jedes Attention-Blocks" },
    residNorm: { name: "Residual", hookPoint: "Residualstrom vor jeder Schicht" },
  },
  seriesLabel: "Welcher Teil der Schicht",
  scaleLabel: "Skala",
  scales: {
    linear: "lineare Skala",
    log: "logarithmische Skala",
    share: "im Verhältnis zum Strom",
  },
  grew: (step) => `Skala erweitert bei Token ${step}`,
  still: "gleiche Skala im ganzen Lauf",
  always: "gleiche Skala in jedem Lauf",
  reading: (layer, value, share) =>
    share === undefined
      ? `Schicht ${layer}: ${value}`
      : `Schicht ${layer}: ${value}, ${share} des Stroms davor`,
  final: "Ausgang",
  absent: "fehlt",
  notCaptured: "In diesem Lauf wurde dieser Teil nicht gemessen.",
  summary: (name, rows) => `${name} nach Schicht: ${rows}.`,
};
