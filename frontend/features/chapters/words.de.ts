import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

const counted = (n: number) => n.toLocaleString("de");

export const german: Translated<typeof english> = {
  label: "Kapitel",
  place: (place, of) => `Kapitel ${place} von ${of}`,
  list: "Alle Kapitel",
  solved: "gelöst",
  solvedCount: (n, of) => `${n} von ${of} gelöst`,
  close: "Kapitel schließen",
  task: "Aufgabe",
  check: "Prüfen",
  hint: (next, of) => `Hinweis ${next} von ${of}`,
  answer: "Antwort zeigen",
  hints: "Hinweise",
  right: "Richtig.",
  wrong: "Noch nicht.",
  back: "Zurück",
  next: "Nächstes Kapitel",
  finish: "Fertig",
  teachers: "Für Lehrkräfte",
  newTab: "(öffnet einen neuen Tab)",
  copyLink: "Link kopieren",
  copied: "Link kopiert",
  notCopied: "Kopiere den Link aus der Adresszeile",
  allSolved: "Alle sechs Kapitel sind gelöst.",
  waiting: "Der Lauf ist noch nicht zu Ende. Danach kommt die Aufgabe.",
  loading: "Ein Lauf wird geladen …",
  missing: "Dieser Lauf hat nicht gemessen, was das Kapitel braucht.",
  measure: "Noch einmal starten und messen",
  ofTraining: "Die Seite zeigt ein Training. Dieses Kapitel braucht einen Lauf.",
  showRecording: "Aufzeichnung zeigen",
  noRecording: "Die Aufzeichnung konnte nicht geladen werden.",
  linkedPrompt: "Dieser Link hat einen eigenen Prompt.",
  runLinked: "Starten",
  runExample: "Ein Beispiel starten",
  covered: "Verdeckt, bis du geraten hast",
  unnamed: "ein Token ohne Text",
  quoted: (text) => `„${text}“`,
  chapters: {
    guess: {
      title: "Raten",
      idea: "Ein Sprachmodell tut nur eines: Es berechnet für jedes Token seines Vokabulars, wie wahrscheinlich es als Nächstes kommt.",
      task: "Bevor du nachsiehst: Welches Wort kommt als Nächstes? Tippe es ein oder wähle eines aus.",
      learn:
        "Eine Vorhersage ist eine Verteilung über das ganze Vokabular, nicht eine einzelne Antwort.",
      how: "Der Tipp wird mit den wahrscheinlichsten Token verglichen, die der Lauf gemessen hat; Groß- und Kleinschreibung spielt keine Rolle. Er ist richtig, wenn er unter den ersten fünf ist.",
    },
    "look-back": {
      title: "Zurückblicken",
      idea: "Für die Vorhersage blickt das Modell zurück: Jeder Kopf jeder Schicht verteilt seine Attention auf die bisherigen Token.",
      task: "Finde einen Kopf, der ein Token zurückblickt: Er richtet viel von seiner Attention auf das Token direkt vor dem aktuellen.",
      learn: "Köpfe achten auf Verschiedenes. Ein einfaches Muster ist das vorige Token.",
      how: "Der gewählte Kopf muss im Kopf-Atlas das Abzeichen „voriges Token“ haben; es zählt seine mittlere Attention auf das vorige Token über den Lauf. In einem Modell ohne solchen Kopf ist der mit dem höchsten Mittelwert richtig. Wurden nur die stärksten Gewichte gemessen, ist jeder Mittelwert eine Untergrenze.",
    },
    "build-up": {
      title: "Aufbauen",
      idea: "Jede Schicht addiert etwas zu dem, was die Schichten davor berechnet haben. Die Logit Lens zeigt, was jede Schicht vorhersagen würde, wenn sie die letzte wäre.",
      task: "Ab welcher Schicht bleibt das wahrscheinlichste Token dasselbe?",
      learn:
        "Nach der Logit Lens entsteht eine Vorhersage Schicht für Schicht: bei manchen Token früh, bei anderen erst in der letzten Schicht.",
      how: "Richtig ist die erste Schicht, ab der in der gemessenen Logit Lens des gezeigten Tokens das wahrscheinlichste Token dasselbe bleibt wie in der letzten Schicht.",
    },
    decide: {
      title: "Entscheiden",
      idea: "Bei manchen Token ist das Modell fast sicher, bei anderen schwankt es. Die Entropie misst diese Unsicherheit, in Nat.",
      task: "Finde das Token, bei dem das Modell am unsichersten war. Wähle es im Text oder auf der Zeitleiste und prüfe es dann.",
      learn: "Unsicherheit lässt sich messen und ist von Token zu Token verschieden.",
      how: "Das gewählte Token muss die höchste gemessene Entropie des Laufs haben.",
    },
    draw: {
      title: "Ziehen",
      idea: "Das nächste Token wird zufällig nach den Wahrscheinlichkeiten gezogen. Top-p behält nur die wahrscheinlichsten Token: so wenige, wie zusammen die Wahrscheinlichkeit p erreichen.",
      task: (token) =>
        `Was ist das höchste Top-p, bei dem ${token} nicht mehr gezogen werden kann?`,
      taskOfAny:
        "Finde das höchste Top-p, bei dem das drittwahrscheinlichste Token nicht mehr gezogen werden kann.",
      learn:
        "Sampling-Einstellungen bestimmen, was geschrieben werden kann; die Wahrscheinlichkeiten des Modells bleiben gleich.",
      how: "Die Antwort muss die summierte Wahrscheinlichkeit aller wahrscheinlicheren Token sein oder bis zu 0.02 darunter liegen (Temperatur 1, andere Einstellungen aus).",
    },
    learn: {
      title: "Lernen",
      idea: "All das wurde gelernt. Das Training ändert die Gewichte so, dass der Loss sinkt: die mittlere Überraschung bei den Token der Trainingstexte.",
      task: (limit) =>
        `Finde den ersten Snapshot mit einem Loss unter ${limit} Nat. Wähle ihn unter der Kurve des Trainings und prüfe ihn dann.`,
      taskOfAny: "Finde den ersten Snapshot eines Trainings mit einem Loss unter einer Grenze.",
      learn:
        "Training senkt den Loss erst schnell und dann langsam, und der Text wird dabei lesbar.",
      how: "Der gewählte Snapshot muss der erste sein, dessen aufgezeichneter Loss unter der Grenze liegt.",
    },
  },
  guess: {
    own: "Dein Tipp",
    choices: "Oder wähle",
    gap: "das nächste Wort",
    ranked: (text, rank, percent) =>
      rank === 0
        ? `„${text}“ ist das wahrscheinlichste Token, mit ${percent}\u00a0%.`
        : `„${text}“ steht auf Rang ${rank}, mit ${percent}\u00a0%.`,
    unranked: (text, count, percent) =>
      `„${text}“ ist nicht unter den ${count} wahrscheinlichsten Token; das letzte davon hat ${percent}\u00a0%.`,
    picture: (rows) => `Die wahrscheinlichsten Token: ${rows}.`,
    hints: [
      (n) =>
        `Das Modell ist so unsicher wie zwischen ${n} gleich wahrscheinlichen Token (effektive Token).`,
      (letter) => `Das wahrscheinlichste Token beginnt mit „${letter}“.`,
      (token, percent) => `Das wahrscheinlichste Token ist ${token}, mit ${percent}\u00a0%.`,
    ],
  },
  lookBack: {
    layer: "Schicht",
    head: "Kopf",
    picture: (from, to) => `Ein Bogen von ${from} zurück zu ${to}, dem vorigen Token.`,
    weighed: (layer, head, percent, exact) =>
      `Schicht ${layer}, Kopf ${head} richtet im Mittel über den Lauf ${percent}\u00a0% seiner Attention auf das vorige Token${exact ? "" : " (eine Untergrenze)"}.`,
    rule: (percent) => `Nötig sind mindestens ${percent}\u00a0%.`,
    hints: [
      "Klicke im Stapel auf die Attention einer Schicht: Eine Liste zeigt, was jeder Kopf am meisten liest.",
      (layer) => `Versuch es mit Schicht ${layer}.`,
      (layer, head, percent) =>
        `Schicht ${layer}, Kopf ${head} richtet ${percent}\u00a0% auf das vorige Token.`,
    ],
  },
  buildUp: {
    at: (token) => `Vorhersage von ${token}`,
    layer: "Schicht",
    picture: (rows) => `Wahrscheinlichkeit des wahrscheinlichsten Tokens jeder Schicht: ${rows}.`,
    row: (layer, percent) => `Schicht ${layer}, ${percent}\u00a0%`,
    settled: (layer, token) => `Ab Schicht ${layer} ist das wahrscheinlichste Token ${token}.`,
    differs: (layer, token, last) =>
      `In Schicht ${layer} oder einer späteren ist ein anderes Token das wahrscheinlichste: ${token} statt ${last}.`,
    earlier: (layer, before) =>
      `Ab Schicht ${layer} bleibt es dasselbe, aber schon in Schicht ${before} ist es dieses Token.`,
    hints: [
      "Lies oben die Vorhersage der letzten Schicht und geh nach unten, bis eine Schicht etwas anderes vorhersagt.",
      (token) => `Das wahrscheinlichste Token der letzten Schicht ist ${token}.`,
      (layer) => `Es ist Schicht ${layer}.`,
    ],
  },
  decide: {
    shown: (token, nats) => `${token}: ${nats} Nat`,
    check: "Dieses Token prüfen",
    picture: (count, shown) => `Entropie von ${counted(count)} Token; Token ${shown} ist markiert.`,
    highest: (token, nats) => `Bei ${token}, mit ${nats} Nat, war das Modell am unsichersten.`,
    others: (token, nats, count) =>
      `Bei ${token} ist die Entropie ${nats} Nat. Bei ${counted(count)} Token war das Modell unsicherer.`,
    hints: [
      "Die obere Kurve der Zeitleiste ist die Entropie: Such ihren höchsten Punkt.",
      (nats) => `Die höchste Entropie ist ${nats} Nat.`,
      (step, token) => `Es ist Token ${step}, ${token}.`,
    ],
  },
  draw: {
    slider: "Top-p",
    picture: (kept, of) => `${kept} der ${of} wahrscheinlichsten Token können gezogen werden.`,
    possible: (token, p) => `Bei ${p} kann ${token} noch gezogen werden.`,
    low: (token, p) =>
      `Bei ${p} kann ${token} nicht gezogen werden, aber auch ein höheres Top-p schließt es noch aus.`,
    right: (token, percent) =>
      `Die Token, die wahrscheinlicher sind als ${token}, haben zusammen ${percent}\u00a0%: Jedes Top-p bis dahin entfernt es.`,
    hints: [
      "Senke Top-p, bis das Token durchgestrichen ist, und erhöhe es dann so weit, wie das Token durchgestrichen bleibt.",
      "Addiere die Wahrscheinlichkeiten aller Token, die wahrscheinlicher sind als dieses.",
      (p) => `Es ist ${p}.`,
    ],
  },
  learnTask: {
    open: "Das mitgelieferte Training öffnen",
    unknown: "Für diesen Snapshot ist kein Loss aufgezeichnet.",
    none: "In diesem Training ist kein Loss aufgezeichnet, oder er sinkt nicht.",
    check: "Diesen Snapshot prüfen",
    shown: (step, loss) =>
      `Nach ${counted(step)} Schritten: ${loss === null ? "kein Loss aufgezeichnet" : `Loss ${loss} Nat`}`,
    picture: (limit, shown) =>
      `Der Loss jedes Snapshots und eine Linie bei ${limit} Nat. ${shown}.`,
    right: (step, loss) =>
      `Nach ${counted(step)} Schritten ist der Loss ${loss} Nat, zum ersten Mal unter der Grenze.`,
    high: (loss) => `Der Loss ist ${loss} Nat: noch über der Grenze.`,
    late: (loss) =>
      `Der Loss ist ${loss} Nat, aber schon ein früherer Snapshot liegt unter der Grenze.`,
    hints: [
      "Die Grenze ist die gestrichelte Linie im Bild. Wo schneidet die Kurve sie?",
      (from, to) => `Er liegt zwischen Schritt ${counted(from)} und Schritt ${counted(to)}.`,
      (step) => `Es ist der Snapshot nach ${counted(step)} Schritten.`,
    ],
  },
  page: {
    title: "Sechs Kapitel",
    introduction:
      "Sechs Aufgaben von je etwa einer Minute, für den Unterricht und zum Selbstlernen. Der Browser prüft die Antworten an den Messwerten des Laufs, den die Seite zeigt; die Aufgaben gehen also mit jedem Modell und jedem Text. Der Fortschritt bleibt im Browser und wird nicht gesendet.",
    learn: "Was man lernt",
    task: "Aufgabe",
    how: "Wie geprüft wird",
    link: "Link",
    open: (title) => `${title} öffnen`,
    copy: (title) => `Link zu ${title} kopieren`,
  },
};
