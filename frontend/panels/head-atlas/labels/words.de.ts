import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  badges: {
    previous: "voriges Token",
    first: "erstes Token",
    same: "gleiches Wort",
    self: "sich selbst",
    induction: "Induktion",
  },
  short: { previous: "vor", first: "erst", same: "gleich", self: "selbst", induction: "ind" },
  definitions: {
    previous: "Mittleres Gewicht auf dem Token direkt vor der Query.",
    first: "Mittleres Gewicht auf dem ersten Token des Kontexts.",
    same: "Mittleres Gewicht auf allen früheren Vorkommen des Tokens der Query (dieselbe Token-ID).",
    self: "Mittleres Gewicht auf dem eigenen Token der Query.",
    induction:
      "Mittleres Gewicht auf den Token, die auf frühere Vorkommen des Tokens der Query folgen, ohne die Query selbst.",
  },
  rule: (percent: string, queries: number) =>
    `Gemittelt wird über die Querys, für die es ein solches Token gibt, ab der zweiten Position. Ein Kopf hat das Abzeichen, wenn das Mittel über mindestens ${queries} Querys mindestens ${percent}\u00a0% ist.`,
  filter: "Köpfe mit Abzeichen",
  all: "alle",
  order: "Reihenfolge",
  orders: {
    layer: "Schicht",
    entropy: "Entropie",
  },
  layers: "Gezeigte Schichten",
  from: "Schichten von",
  to: "bis",
  heads: (n: number) => (n === 1 ? "1 Kopf" : `${n} Köpfe`),
  more: (n: number) => (n === 1 ? "1 weiterer Kopf" : `${n} weitere Köpfe`),
  noHead: (badge: string) => `Bisher hat kein Kopf das Abzeichen „${badge}“.`,
  repeats: (n: number, least: number) =>
    `Nur für ${n} von mindestens ${least} nötigen Querys gibt es ein solches Token: Der Text wiederholt wenige Wörter.`,
  showAll: "Alle Köpfe zeigen",
  layer: "Schicht",
  head: "Kopf",
  place: (layer: number, head: number) => `S${layer} K${head}`,
  name: (layer: number, head: number) => `Schicht ${layer}, Kopf ${head}`,
  pictureLabel: (heads: string, order: string) =>
    `Attention-Maps: ${heads}, Reihenfolge: ${order}. Pfeiltasten wechseln den Kopf, Enter wählt einen, Escape hebt die Wahl auf.`,
  mean: (badge: string, percent: string) => `${badge} ${percent}\u00a0%`,
  atLeast: (percent: string) => `≥\u00a0${percent}`,
  queries: (n: number) => (n === 1 ? "1 Query" : `${n} Querys`),
  nats: (nats: string) => `${nats} Nat`,
  entropy: (nats: string) => `Entropie ${nats} Nat`,
  absent: "hier keine Attention",
  point: "Eine Karte unter dem Zeiger nennt, worauf ihr Kopf achtet; ein Klick zeichnet die Bögen.",
  clear: "Wahl des Kopfs aufheben",
  shown: "orange Linie: das gezeigte Token",
  window: (first: number, last: number) => `jede Karte: Positionen ${first}–${last}`,
  cut: (last: number) => `von 0–${last}; Streifen links: erstes Token`,
  measured: (whole: number, last: number) => `Abzeichen: ${whole} von ${last} Querys`,
  strongest: (n: number) =>
    `von ${n} Querys wurden nur das erste und das stärkste andere Token gemessen, daher sind die Zahlen Untergrenzen`,
  prompt: "die Querys des Prompts selbst wurden nicht gemessen",
  measurePrompt: "Messen",
  columns: {
    layer: "Schicht",
    head: "Kopf",
    badges: "Abzeichen",
    mean: (badge: string) => `mittleres Gewicht, ${badge}`,
    queries: (badge: string) => `Querys, ${badge}`,
    bound: "Untergrenzen",
    entropy: "mittlere Entropie, Nat",
  },
};
