import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";
export const german: Translated<typeof english> = {
  names: {
    model: "Modell",
    prompt: "Prompt",
    temperature: "Temperatur",
    max_new_tokens: "Max. neue Token",
    top_k: "Top-k",
    top_p: "Top-p",
    min_p: "Min-p",
    seed: "Seed",
    repetition_penalty: "Repetition Penalty",
    no_repeat_ngram_size: "No-Repeat-N-Gramm",
    min_new_tokens: "Min. neue Token",
    block_eos_steps: "Textende sperren",
    block_ws_steps: "Whitespace sperren",
    stop: "Stop-Strings",
    top_n: "Angezeigte Vorhersagen",
    aggregation: "Größe eines Vektors",
    tile: "Schichtkachel",
    tile_signal: "Dargestellter Vektor",
    tile_projection: "Projektion",
    tile_height: "Zeilen",
    tile_width: "Spalten",
    attn_every: "Attention-Map alle",
  },
  choices: {
    residual: "Residualstrom",
    mlp: "MLP-Ausgabe",
    attn: "Attention-Ausgabe",
    random: "zufällig",
    pca: "PCA",
  },
  explanations: {
    model: "Der Name eines Modells aus /api/models.",
    prompt: "Der Text, der weitergeschrieben wird.",
    max_new_tokens: "So viele Token werden höchstens geschrieben.",
    min_new_tokens: "Erst nach so vielen Token kann das Modell den Text beenden.",
    temperature:
      "0 wählt immer das wahrscheinlichste Token (greedy); höhere Werte machen unwahrscheinliche Token wahrscheinlicher.",
    top_k: "Nur aus den k wahrscheinlichsten Token ziehen; 0: aus.",
    top_p:
      "Nur aus den wahrscheinlichsten Token ziehen, die zusammen diesen Anteil der Wahrscheinlichkeit erreichen; 1: aus.",
    min_p:
      "Token, deren Wahrscheinlichkeit unter diesem Anteil der des wahrscheinlichsten liegt, entfallen; 0: aus.",
    repetition_penalty:
      "Werte über 1 machen Token, die schon im Text stehen, unwahrscheinlicher; 1: aus.",
    no_repeat_ngram_size: "Keine Folge von so vielen Token kommt zweimal vor; 0: aus.",
    block_eos_steps: "So viele Schritte lang ist das Textende gesperrt; 0: aus.",
    block_ws_steps:
      "So viele Schritte lang sind Token gesperrt, die nur aus Whitespace bestehen; 0: aus.",
    stop: "Der Lauf endet, sobald einer dieser Strings im Text steht; der String selbst wird nicht ausgegeben.",
    seed: "Gleicher Seed und gleiche Einstellungen ergeben gleiche Token; ohne Angabe wird ein zufälliger Seed verwendet und angezeigt.",
    top_n: "So viele Vorhersagen werden zu jedem Token angezeigt.",
    aggregation:
      "Wie aus dem Vektor einer Schicht eine Zahl wird: L2-Norm (l2), größter Betrag (max_abs), mittlerer Betrag (mean_abs) oder quadratisches Mittel (rms).",
    tile_height: "Zeilen einer Kachel.",
    tile_width: "Spalten einer Kachel.",
    tile_projection:
      "Wie der Vektor einer Schicht zum Bild wird: durch eine zufällige Projektion mit festem Seed oder durch Hauptkomponenten (PCA).",
    tile_signal: "Welcher Vektor einer Schicht dargestellt wird.",
    capture: "Die Probes, die jedes Token messen; predictions und distribution sind immer dabei.",
    attn_every:
      "Mit der Probe attention_map alle so viele Token eine ganze Attention-Map aufnehmen, nicht nur die des Prompts; 0: aus.",
    breakpoints_entropy_above:
      "Hält, wenn die Entropie der Vorhersage über diesem Wert (in Nat) liegt; leer: aus.",
    breakpoints_probability_below:
      "Hält, wenn das gewählte Token unwahrscheinlicher war als dieser Wert (0 bis 1); leer: aus.",
    breakpoints_text: "Hält, wenn genau dieser Text erscheint; leer: aus.",
    breakpoints_pattern: "Hält, wenn dieser reguläre Ausdruck passt; leer: aus.",
    breakpoints_loop: "Hält, wenn sich dieselben Token zu wiederholen beginnen.",
  },
  range: {
    from: (low) => `ab ${low}`,
    above: (low) => `über ${low}`,
    upTo: (high) => `bis ${high}`,
    to: (from, high) =>
      high >= Number.MAX_SAFE_INTEGER ? from : `${from.replace("ab ", "")} bis ${high}`,
  },
  problems: {
    empty: "Gib hier etwas ein.",
    number: "Gib eine Zahl ein.",
    ambiguous: "Gib die Zahl ohne Tausendertrennzeichen ein, zum Beispiel 1000,5.",
    integer: "Gib eine ganze Zahl ein.",
    range: (range) => `Erlaubt: ${range}.`,
    choice: (choices) => `Erlaubt: ${choices.join(", ")}.`,
  },
};
