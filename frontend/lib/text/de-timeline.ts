/** The words of the timeline, of holding a run, and of its breakpoints, in German. */
export const timelineText = {
  label: "Zeitleiste",
  slider: "Gezeigtes Token",
  sliderHelp:
    "Pfeiltasten gehen von Token zu Token, Bild auf und Bild ab um zehn, Pos1 und Ende zum ersten und neuesten. Leertaste spielt ab. Umschalt mit Pfeiltaste markiert einen Bereich, der sich wiederholt; Entf hebt ihn auf.",
  value: (step: number, last: number, label: string, percent: string, entropy: string) =>
    `Token ${step} von 0 bis ${last}: ${label}, Wahrscheinlichkeit ${percent}, Entropie ${entropy} Nat`,
  empty: "noch kein Token",
  tokens: "Token",
  entropy: "Entropie",
  entropyScale: (max: number) => `0–${max} Nat`,
  probability: "Wahrscheinl.",
  probabilityScale: "0–1",
  speed: "Tempo",
  perSecond: (n: number) => `${n} Token/s`,
  loop: "Schleife",
  loopHint:
    "Einen Bereich immer wieder abspielen: mit Umschalt über die Zeitleiste ziehen oder Umschalt mit Pfeiltasten",
  loopRange: (from: number, to: number) => `${from}–${to}`,
  loopSaid: (from: number, to: number) => `Schleife von Token ${from} bis Token ${to}`,
  hold: "Lauf anhalten",
  holdHint: "Der Server hört auf zu rechnen; was empfangen wurde, bleibt (P)",
  step: "Schritt",
  stepHint: "Ein Token weiterrechnen (N)",
  goOn: "Fortsetzen",
  goOnHint: "Vom letzten Token an weiterrechnen (P)",
  goOnMoreHint: "Die Höchstzahl an Token ist erreicht: noch einmal so viele schreiben (P)",
  goOnFull: "Der Kontext des Modells ist voll: Dieser Lauf lässt sich nicht fortsetzen",
  hits: {
    entropy_above: (value: string) => `die Entropie von ${value} Nat liegt über der Grenze`,
    probability_below: (value: string) =>
      `die Wahrscheinlichkeit von ${value} % liegt unter der Grenze`,
    text: (found: string) => `„${found}“ ist erschienen`,
    pattern: (found: string) => `das Muster passt auf „${found}“`,
    loop: (value: string) => `der Text wiederholt sich, je ${value} Token`,
    after: () => "ein Token weiter",
  },
  breakpoint: "Haltepunkt",
  at: (step: number) => `bei Token ${step}:`,
  breakpoints: {
    title: "Haltepunkte",
    lead: "Der Lauf hält beim ersten Token, auf das eines davon zutrifft. Danach einen Schritt gehen oder fortsetzen.",
    active: (n: number) => `${n} gesetzt`,
    names: {
      breakpoints_entropy_above: "Entropie über",
      breakpoints_probability_below: "Wahrscheinlichkeit unter",
      breakpoints_text: "Text erscheint",
      breakpoints_pattern: "Muster passt",
      breakpoints_loop: "Text wiederholt sich",
    },
    explained: {
      breakpoints_entropy_above:
        "Hält, wo die Entropie der Vorhersage über diesem Wert liegt, in Nat; leer schaltet ab.",
      breakpoints_probability_below:
        "Hält, wo das gewählte Token unwahrscheinlicher war als dies, von 0 bis 1; leer schaltet ab.",
      breakpoints_text: "Hält, wo genau dieser Text erscheint; leer schaltet ab.",
      breakpoints_pattern: "Hält, wo dieser reguläre Ausdruck passt; leer schaltet ab.",
      breakpoints_loop: "Hält, wo dieselben Token immer wieder kommen.",
    },
  },
};
