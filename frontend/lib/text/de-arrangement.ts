import type { Words } from "./words";

/** The words of the panels' frames, their menu and the drawer that lists them, in German. */
export const arrangementText: Words["arrangement"] = {
  open: "Tafeln",
  drawer: {
    title: "Tafeln",
    lead: "Wähle die Tafeln dieser Seite. Ein Lauf misst, was die offenen Tafeln brauchen.",
    close: "Schließen",
    captures: (probes) => `misst ${probes}`,
    noCaptures: "braucht keine Messung",
    reset: "Anordnung zurücksetzen",
    shown: (n, all) => `${n} von ${all} offen`,
    custom: "von dieser Website",
    broken: {
      title: (file) => `${file} liefert keine Tafel`,
      none: "Die Datei muss ein Objekt mit id, title, captures und Component exportieren.",
      taken: (id) => `Ihre id ${id} gehört schon einer anderen Tafel: Wähle eine andere.`,
      threw: (error) => `Beim Laden ist ein Fehler aufgetreten: ${error}`,
    },
  },
  none: {
    title: "Keine Tafel ist offen.",
    detail: "Öffne die Tafeln, die du sehen willst, oder setze die Anordnung zurück.",
  },
  unknown: (ids) =>
    `Diese Anordnung nennt Tafeln, die es hier nicht gibt: ${ids}. Die anderen werden gezeigt.`,
  given: {
    messages: (n) =>
      `Dieser Link verwendet ein Gespräch mit ${n} ${n === 1 ? "Nachricht" : "Nachrichten"} statt des Prompts.`,
    forced: (n) => `Dieser Link gibt die ersten ${n} Token des Textes vor.`,
    leaveOut: "Entfernen",
  },
  dismiss: "Ausblenden",
  menu: {
    open: (title) => `Menü von ${title}`,
    earlier: "Nach vorn",
    later: "Nach hinten",
    wider: "Breiter",
    narrower: "Schmaler",
    taller: "Höher",
    shorter: "Niedriger",
    hide: "Schließen",
  },
  grip: (title) => `${title} verschieben oder in der Größe ändern`,
  gripHelp:
    "Pfeiltasten verschieben die Tafel, mit Umschalt ändern sie ihre Größe, Entf schließt sie, Enter öffnet ihr Menü.",
  corner: "Ziehen ändert die Größe",
  caution: {
    open: (title) => `Was ${title} nicht beweist`,
    title: "Was sie nicht beweist",
  },
  said: {
    opened: (title, place, of) => `${title} geöffnet, Platz ${place} von ${of}.`,
    hidden: (title) => `${title} geschlossen.`,
    moved: (title, place, of) => `${title}: Platz ${place} von ${of}.`,
    resized: (title, columns, of, rows) =>
      `${title}: ${columns} von ${of} Spalten breit, ${rows} von 3 Reihen hoch.`,
    reset: "Die Tafeln stehen wieder wie zu Anfang.",
  },
  broken: {
    title: (panel) => `${panel} ist ausgefallen`,
    detail: "Der Lauf und die anderen Tafeln gehen weiter.",
    retry: "Noch einmal",
    hide: "Schließen",
  },
  uncaptured: {
    missing: (probes) => `Nicht gemessen in diesem Lauf: ${probes}.`,
    again: "Neu starten",
    cannot: (model, probes) => `${model} bietet dies nicht: ${probes}.`,
    cannotDetail:
      "In diesem Modell lässt sich für diese Tafel nichts lesen. Wähle ein anderes, um sie zu sehen.",
  },
  loading: (title) => `${title} wird geladen`,
  probes: {
    predictions: "Vorhersagen",
    distribution: "die Verteilung am Ausgang",
    residual: "Größen des Residualstroms",
    mlp: "Ausgaben von MLP und Attention",
    attention_entropy: "Entropie der Attention",
    attention_rows: "Zeilen der Attention",
    attention_map: "Muster der Attention",
    logit_lens: "die Logit-Linse",
    tiles: "Kacheln der Schichten",
    sampler_stages: "Schritte der Auswahl",
  },
};
