import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

const steps = (n: number) => `${n.toLocaleString("de")} ${n === 1 ? "Schritt" : "Schritten"}`;

const snapshots = (n: number) => `${n.toLocaleString("de")} ${n === 1 ? "Snapshot" : "Snapshots"}`;

export const german: Translated<typeof english> = {
  label: "Training",
  step: (n: number) => `nach ${steps(n)} Training`,
  following: {
    reading: "Liest die Aufzeichnung",
    read: "",
    waiting: "Wartet auf den ersten Snapshot",
    watching: "Live",
    lost: "Verbindung verloren; neuer Versuch",
  },
  live: "Folgen",
  liveHint: "Jeden neuen Snapshot zeigen, sobald er eintrifft",
  controls: "Welchen Trainingsschritt die Panels zeigen",
  previous: "Vorheriger Snapshot",
  next: "Nächster Snapshot",
  play: "Training abspielen",
  playHint: "Snapshots nacheinander zeigen",
  pause: "Pause",
  speed: "Snapshots pro Sekunde",
  perSecond: (n: number) => `${n} pro s`,
  prompt: "Prompt",
  whichPrompt: "Welcher Prompt fortgesetzt wird",
  slider: "Trainingsschritt",
  sliderHelp:
    "Pfeiltasten wechseln den Snapshot, die Leertaste spielt sie ab, Pos1 und Ende springen an die Enden.",
  value: (step: number, loss: string, said: string) => `Schritt ${step}, Loss ${loss}: ${said}`,
  noLoss: "nicht angegeben",
  at: (step: number) => `Schritt ${step.toLocaleString("de")}`,
  loss: "Loss",
  lossScale: (top: number) => `0–${top} Nat`,
  minutes: (minutes: string) => `${minutes} Min.`,
  seconds: (seconds: string) => `${seconds} Sek.`,
  place: (place: number, of: number) => `Snapshot ${place} von ${of}`,
  said: "Was das Modell bei jedem Snapshot schrieb",
  columns: { step: "Schritt", loss: "Loss" },
  nothing: "nichts",
  missing: "nicht aufgezeichnet",
  broke: "fehlgeschlagen",
  howToRead:
    "Jede Zeile: was das Modell bei diesem Schritt nach dem Prompt schrieb; je kräftiger die Farbe, desto höher die Wahrscheinlichkeit. Kurve: der Trainings-Loss; je kleiner, desto besser sagt das Modell die Trainingstexte vorher. Alle Snapshots haben denselben Abstand, deshalb nehmen Schritte mit vielen Snapshots mehr Platz ein. Text, Token und Panels darunter zeigen das Modell beim gewählten Schritt, alle auf derselben Skala. Sie zeigen, was sich ändert, nicht warum.",
  example: {
    name: "mav-tiny lernt",
    note: (steps: number, tokens: string) =>
      `Ein Modell mit der Architektur von mav-tiny, ab zufälligen Gewichten trainiert: ${steps.toLocaleString("de")} Schritte zu 4.096 Token (${String(tokens).replace(".", ",")} Millionen), mit dem Trainingsprogramm des Projekts, in 12 Minuten auf einem Prozessorkern. Das ist ein kurzes Training: mav-tiny selbst wurde mit zwanzigmal so vielen Token trainiert. Zahlen sind auf vier Stellen gerundet, Anteile der Attention auf drei Nachkommastellen.`,
  },
  liveName: "Training, live",
  again: (step: number) =>
    `Das Training wurde bei Schritt ${step.toLocaleString("de")} fortgesetzt; spätere Schritte des früheren Versuchs werden nicht gezeigt.`,
  thinned: (n: number) =>
    `${snapshots(n)} dazwischen ${n === 1 ? "wird" : "werden"} nicht gezeigt, um Speicher zu sparen; die Aufzeichnung enthält alle.`,
  kept: (n: number) =>
    n === 1
      ? "Der Snapshot davor lässt sich verwenden."
      : `Die ${snapshots(n)} davor lassen sich verwenden.`,
  save: "Training",
  saveHint: "Alle Snapshots dieses Trainings; lässt sich hier und in Python öffnen",
  saveRun: "Aufzeichnung dieses Snapshots",
  pageHint: "Eine Datei, die das ganze Training abspielt, ohne Server",
};
