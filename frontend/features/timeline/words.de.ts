import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  label: "Zeitleiste",
  slider: "Gezeigtes Token",
  sliderHelp:
    "Pfeiltasten wechseln das Token, Bild auf und Bild ab springen um zehn, Pos1 und Ende zum ersten und neuesten. Die Leertaste spielt ab. Umschalt mit Pfeiltaste markiert einen Bereich für die Schleife; Entf hebt ihn auf.",
  value: (step: number, last: number, label: string, percent: string, entropy: string) =>
    `Token ${step} von 0 bis ${last}: ${label}, Wahrscheinlichkeit ${percent}, Entropie ${entropy} Nat`,
  empty: "noch kein Token",
  tokens: "Token",
  entropy: "Entropie",
  entropyBound: "Entropie ≥",
  entropyScale: (max: number) => `0–${max} Nat`,
  probability: "Wahrscheinl.",
  probabilityScale: "0–1",
  speed: "Tempo",
  perSecond: (n: number) => `${n} Token/s`,
  fullSpeed: "Volles Tempo",
  fullSpeedHint: "Die Token eines Laufs so schnell zeigen, wie das Modell sie berechnet",
  loop: "Schleife",
  loopHint:
    "Bereich wiederholen: mit Umschalt über die Zeitleiste ziehen oder Umschalt mit Pfeiltasten",
  loopRange: (from: number, to: number) => `${from}–${to}`,
  loopSaid: (from: number, to: number) => `Schleife von Token ${from} bis Token ${to}`,
  hold: "Anhalten",
  holdHint: "Der Server hält die Berechnung an; empfangene Token bleiben erhalten (P)",
  step: "Schritt",
  stepHint: "Ein Token weiterrechnen (N)",
  goOn: "Fortsetzen",
  goOnHint: "Nach dem letzten Token fortsetzen (P)",
  goOnMoreHint: "Das Token-Limit ist erreicht: noch einmal so viele Token schreiben (P)",
  goOnFull: "Der Kontext des Modells ist voll: Dieser Lauf lässt sich nicht fortsetzen",
  hits: {
    entropy_above: (value: string) => `Entropie ${value} Nat liegt über der Grenze`,
    probability_below: (value: string) =>
      `Wahrscheinlichkeit ${value}\u00a0% liegt unter der Grenze`,
    text: (found: string) => `„${found}“ ist erschienen`,
    pattern: (found: string) => `der reguläre Ausdruck passt auf „${found}“`,
    loop: (value: string) => `der Text wiederholt sich alle ${value} Token`,
    after: () => "ein Token weiter",
  },
  breakpoint: "Haltepunkt",
  at: (step: number) => `bei Token ${step}:`,
  steps: {
    label: "Welches Token die Panels zeigen",
    previous: "Vorheriges Token",
    next: "Nächstes Token",
    live: "Live",
    liveHint: "Dem neuesten Token folgen",
    play: "Abspielen",
    playHint: "Token nacheinander im Lesetempo zeigen",
    pause: "Pause",
    at: (step, last) => `Token ${step} von 0–${last}`,
    none: "noch kein Token",
  },
};
