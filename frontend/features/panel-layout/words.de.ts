import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  links: "Zu einem Panel",
  open: "Panels",
  drawer: {
    title: "Panels",
    lead: "Wähle die Panels auf dieser Seite. Ein Lauf misst, was die offenen Panels brauchen.",
    close: "Schließen",
    captures: (probes) => `misst ${probes}`,
    noCaptures: "braucht keine Messung",
    reset: "Layout zurücksetzen",
    shown: (n, all) => `${n} von ${all} offen`,
    custom: "von dieser Website",
    broken: {
      title: (file) => `${file} definiert kein Panel`,
      none: "Die Datei muss ein Objekt mit id, title, captures und Component exportieren.",
      taken: (id) => `Ein anderes Panel hat schon die ID ${id}. Wähle eine andere.`,
      threw: (error) => `Laden fehlgeschlagen: ${error}`,
    },
  },
  none: {
    title: "Kein Panel ist offen.",
    detail: "Öffne die Panels, die du sehen willst, oder setze das Layout zurück.",
  },
  unknown: (ids) =>
    `Dieses Layout enthält Panels, die es hier nicht gibt: ${ids}. Die anderen werden gezeigt.`,
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
  grip: (title) => `${title} verschieben oder Größe ändern`,
  gripHelp:
    "Pfeiltasten verschieben das Panel, mit Umschalt ändern sie seine Größe, Entf schließt es, Enter öffnet sein Menü.",
  corner: "Ziehen, um die Größe zu ändern",
  caution: {
    open: (title) => `Was ${title} nicht beweist`,
    title: "Was es nicht beweist",
  },
  said: {
    opened: (title, place, of) => `${title} geöffnet, Platz ${place} von ${of}.`,
    hidden: (title) => `${title} geschlossen.`,
    moved: (title, place, of) => `${title}: Platz ${place} von ${of}.`,
    resized: (title, columns, of, rows) =>
      `${title}: ${columns} von ${of} Spalten breit, ${rows} von 3 Reihen hoch.`,
    reset: "Das Layout ist zurückgesetzt.",
  },
  broken: {
    title: (panel) => `${panel} ist fehlgeschlagen`,
    detail: "Der Lauf und die anderen Panels laufen weiter.",
    retry: "Erneut versuchen",
    hide: "Schließen",
  },
  uncaptured: {
    missing: (probes) => `Nicht gemessen in diesem Lauf: ${probes}.`,
    again: "Neu starten",
    cannot: (model, probes) => `${model} unterstützt nicht: ${probes}.`,
    cannotDetail:
      "Dieses Modell hat nichts, was dieses Panel zeigen könnte. Wähle ein anderes Modell, um es zu sehen.",
  },
  cannotFork:
    "Der Server beginnt jedes Mal eine neue Antwort; deshalb lässt sich dieser Lauf nicht verzweigen.",
  loading: (title) => `${title} wird geladen`,
  probes: {
    predictions: "Vorhersagen",
    distribution: "die Ausgabeverteilung",
    residual: "Größen des Residualstroms",
    mlp: "Ausgaben von MLP und Attention",
    attention_entropy: "Attention-Entropie",
    attention_rows: "Attention-Zeilen",
    attention_sources: "Attention-Quellen",
    attention_map: "Attention-Maps",
    logit_lens: "die Logit Lens",
    tiles: "Schichtkacheln",
    sampler_stages: "Sampling-Schritte",
  },
  takeAway: {
    svg: "Bild auf Weiß, SVG",
    png: "Bild auf Weiß, PNG",
    svgDark: "Bild wie gezeigt, SVG",
    pngDark: "Bild wie gezeigt, PNG",
    csv: "Werte dieses Tokens, CSV",
    csvAll: "Werte aller Token, CSV",
    json: "Werte mit Einstellungen, JSON",
    token: "Token",
    at: (index: number, label: string) => `Token ${index} „${label}“`,
    position: (position: number) => `Position ${position} im Kontext`,
    seed: (seed: number) => `Seed ${seed}`,
    temperature: (value: string) => `Temperatur ${value}`,
    prompt: (prompt: string) => `Prompt „${prompt}“`,
    reads: (hookPoint: string) => `Quelle: ${hookPoint}`,
    failed: {
      title: "Die Datei konnte nicht erstellt werden",
      detail: (reason: string) =>
        `Der Browser meldet: ${reason}. Es ist nichts verloren gegangen. Lade die Seite neu, wenn es wieder passiert.`,
    },
    dismiss: "Ausblenden",
  },
  hookPoint: "Quelle:",
  letGo: {
    what: (from) => `Messungen vor Token ${from} sind nicht mehr im Speicher.`,
    why: "Bei sehr langen Läufen behält die Seite nur die neuesten Messungen; Text, Wahrscheinlichkeit, Entropie und Rang bleiben für jedes Token erhalten.",
    go: (from) => `Token ${from} zeigen`,
  },
};
