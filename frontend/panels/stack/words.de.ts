import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  title: "Der Stapel",
  inWords:
    "Jede Spalte ist ein Stück des Textes, jede Zeile ein Schritt der Berechnung, von unten nach oben. Linien: welche früheren Stücke gelesen werden. Oben: was als Nächstes kommt.",
  unit: "Token × Schichten",
  hookPoint: "resid_pre, resid_post, attn_out, mlp_out, Attention-Muster, Logit Lens",
  howToRead:
    "Spalten: Token; Zeilen: Schichten, von unten nach oben. Band: der Residualstrom (Breite: Logarithmus der Größe; Farbe: Rang des nächsten Tokens, wäre die Schicht die letzte). Bögen: was Attention liest. Punkt: was das MLP relativ zum Strom hinzufügt.",
  caution:
    "Bögen zeigen, wo Attention liest, nicht was sie davon nutzt; die Vorhersage einer Schicht wird mit der letzten Norm und dem Unembedding berechnet, die für die letzte Schicht trainiert sind.",
  pictureLabel: (token) =>
    `Die Schichten des Modells bei der Vorhersage von „${token}“. Pfeiltasten wechseln zwischen Schichten und Token; Enter öffnet einen Teil.`,
  scheme: (layers: number) =>
    `Das Modell hat ${layers === 1 ? "eine Schicht" : `${layers} Schichten`}. Ein Lauf zeichnet jedes Token als Spalte.`,
  schemeParts: {
    prediction: "welches Token als Nächstes kommt",
    attention: "Attention liest frühere Token",
    mlp: "das MLP rechnet nur an dieser Position",
    token: "ein Token des Textes",
  },
  hint: "Zeige auf einen Teil, um seine Zahlen zu sehen; ein Klick öffnet ihn.",
  hintOfOne: "Wischen zeigt ein anderes Token, Tippen öffnet einen Teil.",
  overview:
    "Die Linie darüber ist der ganze Text: was Attention dort liest und welche Token eine Spalte haben.",
  overviewOfOne: "Die Linie: der ganze Text und was Attention dort liest.",
  after: (text, chosen, share) => `Nach „${text}“ hat das Modell „${chosen}“ gewählt (${share}).`,
  settled: (layer, label) => `Ab Schicht ${layer} ist „${label}“ das wahrscheinlichste Token.`,
  settledAtOnce: (label) => `Jede Schicht würde „${label}“ vorhersagen.`,
  readMost: (sources) =>
    `Im Mittel aller Köpfe liest Attention, vom ersten Token abgesehen, am meisten von ${sources}.`,
  oneHeadReads: (layer, head, sources) => `Schicht ${layer}, Kopf ${head} liest ${sources}.`,
  headAbsent: (layer, head) => `Schicht ${layer}, Kopf ${head} wurde nicht gemessen.`,
  source: (label, share) => `„${label}“ (${share})`,
  and: (first, second) => `${first} und ${second}`,
  firstToken: (share) => `erstes Token ${share}`,
  rankLegend: "Rang des Tokens, das folgt",
  ranks: { top: "0", near: "1–9", far: "10–99", lost: "100+", unknown: "nicht gemessen" },
  arcLegend: "Attention",
  headLegend: (layer, head) => `Schicht ${layer}, Kopf ${head}`,
  otherLegend: "andere Schichten: Mittel der Köpfe",
  clearHead: "Wieder das Mittel aller Köpfe zeigen",
  firstLegend: "auf dem ersten Token",
  mlpLegend: "MLP",
  columns: [
    "Schicht",
    "Größe des Stroms davor",
    "Attention, relativ zum Strom",
    "MLP, relativ zum Strom",
    "Vorhersage der Lens",
    "Wahrscheinlichkeit",
    "Rang des gewählten Tokens",
    "Attention auf dem ersten Token",
    "stärkste andere Quelle, Position",
    "stärkste andere Quelle, Token",
    "Gewicht",
  ],
};
