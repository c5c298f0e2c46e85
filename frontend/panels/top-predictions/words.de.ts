import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  title: "Wahrscheinlichste Token",
  inWords: "Was als Nächstes hätte kommen können. Je länger der Balken, desto wahrscheinlicher.",
  unit: "Wahrscheinlichkeit, Logit",
  hookPoint: "Logits",
  howToRead:
    "Was als Nächstes hätte kommen können. Balken: Wahrscheinlichkeit laut Modell. Strich: Wahrscheinlichkeit beim Sampling.",
  howToFork: "Wähle eine Zeile, um mit diesem Token fortzufahren.",
  caution:
    "Diese Wahrscheinlichkeiten gelten für genau diesen Text. Sie messen nicht, ob die Wörter wahr sind, und erklären nicht, warum sie wahrscheinlich sind.",
  columns: [
    "Rang",
    "ID",
    "Token",
    "Logit",
    "Wahrscheinlichkeit",
    "beim Sampling",
    "entfernt durch",
    "gewählt",
  ],
  token: "Token",
  model: "Modell",
  drawn: "Sampling",
  logit: "Logit",
  cutBy: (control) => `entfernt: ${control}`,
  said: "gewählt",
  forkLabel: (label) => `Stattdessen mit ${label} fortfahren`,
  forkHint: "Stattdessen mit diesem Token fortfahren",
  chosen: "Dieses Token wurde gewählt",
  outside: (label, rank) =>
    `Gewählt: ${label}${rank >= 0 ? `, Rang ${rank}` : ""}, nicht in dieser Liste.`,
  bound: (nats, rows) =>
    `Entropie: mindestens ${nats} Nat, eine untere Schranke aus diesen ${rows} Token.`,
  tableLabel: "Kandidaten für dieses Token, der wahrscheinlichste zuerst",
  controls: {
    top_k: "Top-k",
    top_p: "Top-p",
    min_p: "Min-p",
    no_repeat_ngram: "N-Gramm",
    block_eos: "Ende gesperrt",
    block_ws: "Whitespace gesperrt",
    min_new_tokens: "Mindestlänge",
    temperature: "Greedy",
  },
};
