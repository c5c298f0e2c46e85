import type { panelText as english } from "./en-panels";
import type { Translated } from "./words";

const aggregations = {
  l2: "L2-Länge",
  max_abs: "größter Betrag",
  mean_abs: "mittlerer Betrag",
  rms: "quadratisches Mittel",
};

/** The words of the panels, in German. */
export const panelText: Translated<typeof english> = {
  hookPoint: "liest",
  text: {
    title: "Erzeugter Text",
    unit: "Wahrscheinlichkeit",
    hookPoint: "Softmax der Logits",
    howToRead:
      "Jedes Feld ist ein Token. Je kräftiger der Ton, desto mehr hat das Modell damit gerechnet. Wähle eines, und alle Tafeln zeigen diesen Moment.",
    caution:
      "Erwartet heißt nicht wahr: Ein kräftiges Feld sagt, was dieses Modell nach solchem Text gewohnt ist, nicht, dass es stimmt.",
    columns: [
      "Stelle",
      "Art",
      "ID",
      "Token",
      "Wahrscheinlichkeit",
      "Logprob",
      "Rang",
      "Entropie (Nat)",
    ],
    prompt: "grau: dein Prompt",
    shade: "Ton:",
    unlikely: "0 %",
    likely: "100 %",
    empty: "Gib dem Modell einen Anfang und drücke Start.",
    emptyDetail:
      "Es schreibt Token für Token weiter. Nach jedem zeigen die Tafeln darunter, was im Innern geschah.",
    listLabel: "Die Token des Prompts und des erzeugten Textes",
  },
  predictions: {
    title: "Naheliegendste Token",
    unit: "Wahrscheinlichkeit, Logit",
    hookPoint: "Logits",
    howToRead:
      "Was als Nächstes hätte kommen können. Balken: die Wahrscheinlichkeit des Modells. Strich: woraus gezogen wurde.",
    howToFork: "Wähle eine Zeile, um mit ihr weiterzuschreiben.",
    caution:
      "Eine Wahrscheinlichkeit ist die Gewohnheit des Modells nach genau diesem Text. Sie misst nicht, wie wahr die Worte sind, und sagt nicht, warum sie naheliegen.",
    columns: [
      "Rang",
      "ID",
      "Token",
      "Logit",
      "Wahrscheinlichkeit",
      "gezogen aus",
      "entfällt durch",
      "gesagt",
    ],
    token: "Token",
    model: "Modell",
    drawn: "gezogen",
    logit: "Logit",
    cutBy: (control) => `entfällt: ${control}`,
    said: "gesagt",
    forkLabel: (label) => `Stattdessen mit ${label} weiterschreiben`,
    forkHint: "Stattdessen mit diesem Token weiterschreiben",
    chosen: "Dieses Token wurde gesagt",
    outside: (label, rank) => `Gesagt: ${label}, Rang ${rank}, außerhalb dieser Liste.`,
    tableLabel: "Kandidaten für dieses Token, der wahrscheinlichste zuerst",
    controls: {
      top_k: "Top-k",
      top_p: "Top-p",
      min_p: "Min-p",
      no_repeat_ngram: "N-Gramm",
      block_eos: "Ende gesperrt",
      block_ws: "Leerraum gesperrt",
      min_new_tokens: "Mindestlänge",
      temperature: "greedy",
    },
  },
  layers: {
    title: "MLP-Aktivierungen",
    unit: (aggregation) => aggregations[aggregation],
    hookPoint: "Ausgaben der Blöcke",
    howToRead:
      "Wie stark jede Schicht den laufenden Zustand des Modells ändert. Blasses Band: ihr Bereich in diesem Lauf bisher.",
    caution:
      "Groß heißt nicht wichtig: Schichten schreiben in verschiedenen Maßstäben, und was eine schreibt, kann die nächste aufheben.",
    layer: "Schicht",
    series: {
      mlpNorm: { name: "MLP", hookPoint: "Ausgabe jedes MLP-Blocks" },
      attnNorm: { name: "Attention", hookPoint: "Ausgabe jedes Attention-Blocks" },
      residNorm: { name: "Residual", hookPoint: "Residualstrom vor jeder Schicht" },
    },
    seriesLabel: "Welcher Teil der Schicht",
    scale: (max) => `Skala 0 bis ${max}`,
    grew: (step) => `gewachsen bei Token ${step}`,
    still: "im ganzen Lauf",
    reading: (layer, value) => `Schicht ${layer}: ${value}`,
    final: "aus",
    absent: "fehlt",
    notCaptured: "In diesem Lauf wurde dieser Teil nicht gemessen.",
    summary: (name, rows) => `${name} nach Schicht: ${rows}.`,
  },
  attention: {
    title: "Entropie der Attention",
    unit: "Nat",
    hookPoint: "Attention-Muster, letzte Anfrage",
    howToRead:
      "Eine Zelle je Kopf. Niedrig: Der Kopf blickt auf wenige Token. Hoch: auf viele, höchstens ln(Schlüssel).",
    caution:
      "Wohin ein Kopf blickt, ist nicht, was er nutzt: Die Entropie sagt nichts davon, was er dort liest, noch ob später etwas davon abhängt.",
    head: "Kopf",
    layer: "Schicht",
    ceiling: (value) => `Höchstwert jetzt ${value}`,
    cell: (layer, head) => `Schicht ${layer}, Kopf ${head}`,
    value: (value, share) => `${value} Nat, ${share} des Höchstwerts`,
    absent: "hier keine Attention",
    pictureLabel:
      "Entropie der Attention nach Schicht und Kopf. Pfeiltasten gehen von Zelle zu Zelle.",
    summary: (low, high) => `Niedrigster Wert ${low}. Höchster ${high}.`,
    notCaptured: "In diesem Lauf wurde die Entropie der Attention nicht gemessen.",
    choose: "Zeige auf eine Zelle.",
  },
  distribution: {
    title: "Verteilung am Ausgang",
    unit: "Wahrscheinlichkeit",
    hookPoint: "Softmax der Logits",
    howToRead:
      "Die ganze Wahrscheinlichkeit, Naheliegendes zuerst. Hohe erste Säule: Das Modell ist sicher. Gestrichelt: die Summe bis dahin.",
    caution:
      "Sicher heißt nicht richtig: Eine schmale Verteilung sagt, was das Modell erwartet, nicht, dass es so ist.",
    columns: ["ab Rang", "bis Rang", "Wahrscheinlichkeit", "Summe bis dahin"],
    entropy: "Nat Entropie",
    effective: "wirksame Token",
    kept: (n) => `ziehbar von ${n}`,
    keptUnknown: "noch ziehbar",
    rank: (low, high) => (low === high ? `Rang ${low}` : `Ränge ${low}–${high}`),
    axis: "Rang",
    cumulative: "Summe bis dahin",
    summary: (first, entropy) =>
      `Auf das wahrscheinlichste Token entfallen ${first} der Wahrscheinlichkeit; Entropie ${entropy} Nat.`,
  },
};
