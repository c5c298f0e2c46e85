import { arrangementText } from "./de-arrangement";
import { attentionText } from "./de-attention";
import { deeperText } from "./de-deeper";
import { exportText } from "./de-export";
import { keepingText } from "./de-keeping";
import { panelText } from "./de-panels";
import { settingExplanations } from "./de-settings";
import { timelineText } from "./de-timeline";
import { tourText } from "./de-tour";
import { trainingText } from "./de-training";
import { viewText } from "./de-views";
import type { Words } from "./words";

const count = (n: number, one: string, many: string) =>
  `${n.toLocaleString("de")} ${n === 1 ? one : many}`;

/** Every word that a person reads on the site, in German. */
export const german: Words = {
  site: {
    name: "MAV",
    title: "Model Activity Visualizer",
    description:
      "In ein Sprachmodell hineinsehen, während es schreibt: bei jedem Token gemessen, live.",
    skip: "Zum Lauf springen",
  },
  notFound: {
    title: "Seite nicht gefunden",
    detail:
      "Unter dieser Adresse ist nichts. Vielleicht ist der Link falsch, oder die Seite ist umgezogen.",
    home: "Das Instrument öffnen",
  },
  theme: {
    label: "Farbschema",
    system: "Wie das System",
    light: "Hell",
    dark: "Dunkel",
  },
  language: {
    label: "Sprache",
  },
  shortcuts: {
    open: "Tastenkürzel",
    close: "Schließen",
    rows: [
      { keys: ["Strg", "Enter"], action: "Start (am Mac ⌘ Enter)" },
      { keys: ["Esc"], action: "Den Lauf beenden" },
      { keys: ["←", "→"], action: "Auf einem Token: das vorige, das nächste" },
      { keys: ["Pos1", "Ende"], action: "Auf einem Token: das erste, das neueste" },
      { keys: ["Leertaste"], action: "Im Lauf: die Token abspielen oder innehalten" },
      {
        keys: ["Umschalt", "←", "→"],
        action: "In der Zeitleiste: einen Bereich markieren, der sich wiederholt",
      },
      { keys: ["P"], action: "Im Lauf: auf dem Server anhalten oder fortsetzen" },
      { keys: ["N"], action: "Im Lauf: ein Token mehr eines angehaltenen Laufs" },
      { keys: ["L"], action: "Im Lauf: wieder dem neuesten Token folgen" },
      { keys: [",", "."], action: "In einem Training: der vorige Stand, der nächste" },
      { keys: ["?"], action: "Diese Tastenkürzel zeigen" },
    ],
  },
  form: {
    label: "Einstellungen des Laufs",
    run: "Start",
    stop: "Stopp",
    copyLink: "Link kopieren",
    copied: "Link kopiert",
    notCopied: "Siehe Adresszeile",
    reset: "Zurücksetzen",
    common: "Auswahl der Token",
    more: "Mehr zur Auswahl der Token",
    measuring: "Messen",
    modelsLoading: "Die Liste der Modelle wird geladen …",
    promptPlaceholder: "Der Anfang einer Geschichte …",
    seedPlaceholder: "zufällig",
    stopPlaceholder: "einer je Zeile",
    settings: {
      model: "Modell",
      prompt: "Prompt",
      temperature: "Temperatur",
      max_new_tokens: "Neue Token",
      top_k: "Top-k",
      top_p: "Top-p",
      min_p: "Min-p",
      seed: "Startwert",
      repetition_penalty: "Wiederholung dämpfen",
      no_repeat_ngram_size: "Kein N-Gramm zweimal",
      min_new_tokens: "Mindestens",
      block_eos_steps: "Textende sperren",
      block_ws_steps: "Leerraum sperren",
      stop: "Stopptexte",
      top_n: "Gezeigte Vorhersagen",
      aggregation: "Größe eines Vektors",
      ...deeperText.settings,
      attn_every: "Attention-Muster alle",
    },
    tiles: deeperText.tileSettings,
    choices: deeperText.choices,
    explanations: { ...settingExplanations, ...timelineText.breakpoints.explained },
    range: {
      from: (low) => `ab ${low}`,
      above: (low) => `über ${low}`,
      upTo: (high) => `bis ${high}`,
      to: (from, high) =>
        high >= Number.MAX_SAFE_INTEGER ? from : `${from.replace("ab ", "")} bis ${high}`,
    },
    problems: {
      empty: "Hier muss zuerst etwas stehen.",
      number: "Das muss eine Zahl sein.",
      ambiguous: "Schreib die Zahl ohne Tausendertrennzeichen, zum Beispiel 1000,5.",
      integer: "Das muss eine ganze Zahl sein.",
      range: (range) => `Erlaubt: ${range}.`,
      choice: (choices) => `Zur Wahl stehen ${choices.join(", ")}.`,
    },
  },
  examples: {
    title: "Oder fang mit einem von diesen an (das Modell kann Englisch)",
    prompts: [
      "Once upon a time, there was a little",
      "Lily found a big red ball in the garden. She",
      "The dragon was sad because",
    ],
  },
  status: {
    label: "Stand des Laufs",
    phases: {
      idle: "Bereit",
      connecting: "Verbinden",
      queued: "In der Warteschlange",
      loading: "Das Modell wird geladen",
      prefill: "Der Prompt wird gelesen",
      running: "Schreibt",
      paused: "Angehalten",
      done: "Fertig",
      stopped: "Von dir beendet",
      failed: "Fehlgeschlagen",
    },
    refused: "Nicht begonnen",
    ahead: (n) => `${n} davor`,
    reasons: {
      eos: "das Modell hat den Text beendet",
      length: "die Höchstzahl an Token ist erreicht",
      stop: "ein Stopptext ist erschienen",
      cancelled: "er wurde abgebrochen",
      deadline: "die Zeitgrenze ist erreicht",
      breakpoint: "ein Haltepunkt ist erreicht",
    },
    contextFull: "der Kontext des Modells ist voll",
    tokens: "Token",
    tokensPerSecond: "Token/s",
    prefill: "Prompt gelesen in",
    seed: "Startwert",
    announceDone: (n, reason) =>
      `Der Lauf ist nach ${count(n, "Token", "Token")} fertig: ${reason}.`,
    layers: (n) => count(n, "Schicht", "Schichten"),
    heads: (n) => count(n, "Kopf", "Köpfe"),
    parameters: (n) => `${n} Parameter`,
    on: (dtype, device) => `${dtype} auf ${device}`,
  },
  steps: {
    label: "Welches Token die Tafeln zeigen",
    previous: "Voriges Token",
    next: "Nächstes Token",
    live: "Live",
    liveHint: "Dem neuesten Token folgen",
    play: "Abspielen",
    playHint: "Token für Token im Lesetempo zeigen",
    pause: "Pause",
    at: (step, last) => `Token ${step} von 0–${last}`,
    none: "noch kein Token",
    letGo: {
      what: (from) => `Messungen vor Token ${from} sind nicht mehr im Speicher.`,
      why: "Bei sehr langen Läufen behält die Seite nur die neuesten Messungen; Text, Wahrscheinlichkeit, Entropie und Rang bleiben für jedes Token erhalten.",
      go: (from) => `Token ${from} zeigen`,
    },
  },
  failures: {
    retry: "Noch einmal",
    resume: "Fortsetzen",
    shorten: "Prompt kürzen",
    change: "Einstellung ändern",
    kept: (n) =>
      `${count(n, "Token wurde", "Token wurden")} empfangen und ${n === 1 ? "bleibt" : "bleiben"} unten stehen.`,
    wait: (seconds) => `Bitte ${count(Math.ceil(seconds), "Sekunde", "Sekunden")} warten.`,
    field: "Zu ändern:",
    serverLanguage: "Meldungen des Servers sind englisch.",
    own: {
      run_too_large: {
        title: "Der Lauf sendet zu viele Daten",
        detail:
          "Er ist größer, als dieser Server erlaubt. Schließe die Tafeln für Attention und Kacheln der Schichten, zeige weniger Vorhersagen oder verlange weniger Token.",
      },
      client_budget_spent: {
        title: "Die stündliche Datenmenge ist erreicht",
        detail:
          "Dieser Server begrenzt, wie viele Daten jeder in einer Stunde empfangen kann. Versuch es später noch einmal und schließe die Tafeln für Attention und Kacheln der Schichten.",
      },
      client_too_slow: {
        title: "Die Verbindung ist für diesen Lauf zu langsam",
        detail:
          "Andere Läufe warten auf das Modell, deshalb hat der Server diesen beendet. Schließe Tafeln oder versuch es später noch einmal.",
      },
      too_many_connections: {
        title: "Der Server hat zu viele Verbindungen",
        detail: "Schließe andere Tabs dieser Seite oder versuch es später noch einmal.",
      },
      server_stopping: {
        title: "Der Server wird beendet",
        detail: "Versuch es noch einmal, wenn er wieder läuft.",
      },
    },
    refused: {
      title: "Der Server hat diesen Lauf abgelehnt",
      detail: (status) =>
        `Er hat mit Status ${status} geantwortet und keinen Grund genannt. Versuch es noch einmal.`,
    },
    unreachable: {
      title: "Der Server ist nicht zu erreichen",
      detail: "Sieh nach, ob er noch läuft und ob du online bist, und versuch es dann noch einmal.",
    },
    streamBroken: {
      title: "Die Verbindung ist während des Laufs abgerissen",
      detail:
        "Fortsetzen schreibt nach dem letzten empfangenen Token weiter, mit gleichem Startwert und gleichen Einstellungen. Noch einmal beginnt von vorn.",
    },
    contractMismatch: {
      title: "Die Antwort des Servers passt nicht zu dieser Seite",
      detail:
        "Vielleicht haben Seite und Server verschiedene Versionen. Lade die Seite neu und versuch es noch einmal.",
    },
  },
  figures: {
    id: "ID",
    probability: "Wahrscheinlichkeit",
    logprob: "Logprob",
    rank: "Rang",
    entropy: "Entropie",
    nats: "Nat",
    forced: "vorgegeben, nicht gewählt",
    prompt: "Token des Prompts",
  },
  token: {
    describe: (label, percent, rank) => `${label}, Wahrscheinlichkeit ${percent}, Rang ${rank}`,
    describePrompt: (label) => `${label}, Prompt`,
  },
  arrangement: arrangementText,
  timeline: timelineText,
  tour: tourText,
  panels: { ...panelText, ...deeperText.panels, ...attentionText },
  ...viewText,
  ...exportText,
  ...trainingText,
  ...keepingText,
};
