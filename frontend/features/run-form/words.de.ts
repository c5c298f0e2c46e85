import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  label: "Einstellungen des Laufs",
  run: "Start",
  skip: "Zum Text springen",
  fold: "Einstellungen ausblenden",
  unfold: "Einstellungen einblenden",
  stop: "Stopp",
  copyLink: "Link kopieren",
  copied: "Link kopiert",
  notCopied: "Siehe Adresszeile",
  reset: "Zurücksetzen",
  common: "Sampling",
  more: "Weitere Sampling-Einstellungen",
  measuring: "Messung",
  defaultModel: "Standard des Servers",
  modelsLoading: "Modelle werden geladen …",
  promptPlaceholder: "Der Anfang einer Geschichte …",
  seedPlaceholder: "zufällig",
  stopPlaceholder: "einer pro Zeile",
  tiles: {
    title: "Schichtkacheln",
    lead: "Wie das gleichnamige Panel jede Schicht darstellt; gemessen wird nur, solange es offen ist.",
  },
  breakpoints: {
    title: "Haltepunkte",
    lead: "Der Lauf hält beim ersten Token, auf das eine Bedingung zutrifft. Danach Schritt oder Fortsetzen.",
    active: (n: number) => `${n} aktiv`,
    names: {
      breakpoints_entropy_above: "Entropie über",
      breakpoints_probability_below: "Wahrscheinlichkeit unter",
      breakpoints_text: "Text erscheint",
      breakpoints_pattern: "Regex passt",
      breakpoints_loop: "Text wiederholt sich",
    },
    explained: {
      breakpoints_entropy_above:
        "Hält, wenn die Entropie der Vorhersage über diesem Wert (in Nat) liegt; leer: aus.",
      breakpoints_probability_below:
        "Hält, wenn das gewählte Token unwahrscheinlicher war als dieser Wert (0 bis 1); leer: aus.",
      breakpoints_text: "Hält, wenn genau dieser Text erscheint; leer: aus.",
      breakpoints_pattern: "Hält, wenn dieser reguläre Ausdruck passt; leer: aus.",
      breakpoints_loop: "Hält, wenn sich dieselben Token zu wiederholen beginnen.",
    },
  },
  given: {
    messages: (n) =>
      `Dieser Link verwendet ein Gespräch mit ${n} ${n === 1 ? "Nachricht" : "Nachrichten"} statt des Prompts.`,
    forced: (n) => `Dieser Link gibt die ersten ${n} Token des Textes vor.`,
    leaveOut: "Entfernen",
  },
  invalid: {
    one: (name) => `Prüfe diese Einstellung: ${name}.`,
    more: (names) => `Prüfe diese Einstellungen: ${names}.`,
  },
  changed: {
    mark: (ran) => `noch nicht angewendet; im gezeigten Lauf: ${ran}`,
    none: "nichts",
    count: (n) => `${n} noch nicht angewendet`,
    note: (n) =>
      n === 1
        ? "1 Einstellung ist noch nicht angewendet."
        : `${n} Einstellungen sind noch nicht angewendet.`,
    takeBack: "Rückgängig",
    takeBackHint: "Die Einstellungen des gezeigten Laufs übernehmen",
  },
  settings: "Einstellungen",
  unavailable: (model) => `${model} (nicht hier)`,
  unavailableHelp:
    "Dieses Modell ist nicht hier. Wähle ein anderes oder ziehe seinen Ordner auf die Seite.",
  notLoadable: (model) => `${model} (kann nicht geladen werden)`,
  runsOn: (host) => `auf ${host}`,
  inBrowser: "in deinem Browser",
  onServer: "auf dem Server",
  notAllowed: (value) => `${value} (nicht erlaubt)`,
  copiedIncomplete: "Ohne den langen Prompt kopiert",
  address: {
    short:
      "Diese Einstellungen sind zu lang für einen Link und bleiben nur in diesem Browser-Tab. Um den Lauf zu teilen, speichere ihn als Datei.",
    unknown:
      "Dieser Link verweist auf einen langen Prompt, der in einem anderen Browser-Tab liegt. Bitte den Absender um den Lauf als Datei oder gib den Prompt ein.",
  },
};
