const tokens = (n: number) => `${n.toLocaleString("de")} Token`;

/** The words of the attention panels and of the sampler's waterfall, in German. */
export const attentionText = {
  notMeasured: {
    title: "In diesem Lauf wurde das nicht gemessen.",
    again: "Lass diese Tafel offen und starte neu: Dann wird es gemessen.",
    waiting: "Sie füllt sich mit dem ersten Token eines Laufs.",
  },
  attentionControls: {
    label: "Was von der Attention zu sehen ist",
    layer: "Schicht",
    head: "Kopf",
    all: "alle (Mittel)",
    mean: "Mittel",
    absent: (layer: number) => `${layer} (keine Attention)`,
    scale: "Skala",
    linear: (full: string) => `linear, 0–${full} %`,
    root: (full: string) => `Wurzel, 0–${full} %`,
    scaleHint:
      "Linear: doppeltes Gewicht, doppelte Farbe. Wurzel: Kleine Gewichte werden angehoben (die Farbe folgt der Quadratwurzel). Volle Farbe steht am Ende des Bereichs.",
    leaveOut: "Erstes auslassen",
    leaveOutHint:
      "Viele Köpfe ruhen auf dem ersten Token, wenn sie nichts zu suchen haben. Ausgelassen, erscheinen die anderen als Anteile des Rests.",
    leftOut: (share: string) =>
      `Erstes Token ausgelassen: Es hält ${share} %. Die anderen: vom Rest.`,
    reading: {
      all: "Mittel aller Schichten und Köpfe",
      layer: (layer: number) => `Schicht ${layer}, Mittel der Köpfe`,
      head: (layer: number, head: number) => `Schicht ${layer}, Kopf ${head}`,
    },
    none: "hier keine Attention",
    weight: (label: string, percent: string) => `${label} ${percent} %`,
    ofRest: (percent: string) => `${percent} % des Rests`,
  },
  attentionText: {
    title: "Attention über dem Text",
    unit: "Anteil der Attention",
    hookPoint: "Attention-Muster, letzte Anfrage",
    howToRead:
      "Wohin das Modell blickte, als es das Token vorhersagte: je kräftiger der Ton, desto mehr von seiner Attention.",
    caution:
      "Attention erklärt nichts: Sie sagt, woher etwas kommen kann, nicht, was von dort genommen wurde oder ob es eine Rolle spielte.",
    from: "von",
    to: "sagt vorher:",
    start: "der Anfang",
    nothing: "noch nichts",
    query: "Von diesem Token aus gelesen",
    listLabel: (reading: string, top: string) =>
      `Attention über dem Text, ${reading}. Am stärksten: ${top}. Pfeiltasten gehen von Token zu Token.`,
    strongest: "Am stärksten:",
    outside: (above: string, below: string) =>
      `Nicht im Bild: ${above} % darüber, ${below} % darunter`,
    place: (place: number) => `Stelle ${place}`,
    later: "später geschrieben",
    columns: ["Stelle", "Token", "Anteil der Attention"] as const,
  },
  attentionHeads: {
    title: "Attention-Köpfe",
    unit: "Anteil der Attention",
    hookPoint: "Attention-Muster, letzte Anfrage",
    howToRead:
      "Ein Streifen je Kopf, der Text von links nach rechts: kräftig, wohin dieser Kopf blickt. Ein Klick zeigt ihn über dem Text.",
    caution:
      "Das Bild eines Kopfs zeigt, wohin er bei diesem Token blickt; was er damit tut und ob das Modell es braucht, zeigt erst ein Versuch.",
    layer: "Schicht",
    head: "Kopf",
    mean: "Mittel",
    pictureLabel: (summary: string) =>
      `Attention nach Schicht und Kopf. ${summary} Pfeiltasten gehen von Kopf zu Kopf, Enter wählt.`,
    cell: (name: string, top: string) => `${name}: am meisten auf ${top}`,
    chosen: (name: string) => `Gewählt: ${name}`,
    span: (last: number) => `jeder Streifen: Stellen 0–${last.toLocaleString("de")}`,
    binned: (n: number) => `ein Bildpunkt zeigt das Größte von bis zu ${n} Stellen`,
    columns: ["Schicht", "Kopf"] as const,
  },
  attentionMaps: {
    title: "Attention-Muster",
    unit: "Anteil der Attention",
    hookPoint: "Attention-Muster, alle Anfragen",
    howToRead:
      "Jede Zeile ist ein Token, das blickt, jede Spalte eines, auf das geblickt wird; eine Zeile ergibt 100 %.",
    caution:
      "Eine kräftige Zelle sagt, wohin ein Kopf blickte, nicht, dass das Token dort die Antwort bewirkt hat.",
    prompt: "der Prompt",
    taken: (step: number) => `bei Token ${step}`,
    covers: (n: number, when: string) => `Muster von ${tokens(n)}, ${when}`,
    ofPrompt: "mit dem Prompt gelesen",
    previous: "Muster davor",
    next: "Nächstes Muster",
    count: (at: number, of: number) => `${at} von ${of}`,
    howToGet:
      "Nur das Muster des Prompts wurde behalten. Für Muster des Textes danach setze „Attention-Muster alle“ (attn_every, unter Messen) und starte neu.",
    query: "blickt",
    key: "wird angeblickt",
    cell: (query: string, key: string, percent: string) => `${query} → ${key} ${percent} %`,
    ahead: (query: string, key: string) => `${query} kann nicht voraus auf ${key} blicken`,
    binned: (n: number) => `Ein Bildpunkt zeigt das Größte von bis zu ${n} × ${n} Zellen.`,
    point: "Zeige auf eine Zelle.",
    pictureLabel: (n: number, reading: string) =>
      `Attention-Muster von ${tokens(n)}, ${reading}. Pfeiltasten gehen von Zelle zu Zelle.`,
    columns: ["Stelle", "Token, das blickt"] as const,
  },
  waterfall: {
    title: "Wasserfall der Auswahl",
    unit: "Wahrscheinlichkeit",
    hookPoint: "Logits nach jedem Schritt der Auswahl",
    howToRead:
      "Von links nach rechts formt oder beschneidet jeder Schritt die Auswahl; was in der letzten Spalte noch einen Balken hat, konnte gezogen werden.",
    caution:
      "Das zeigt, wie gewählt wurde, nicht, warum das Modell diese Wahrscheinlichkeiten gab; das Ziehen selbst ist Zufall.",
    tableLabel: "Kandidaten und was jeder Schritt der Auswahl von ihnen ließ",
    token: "Token",
    raw: "Modell",
    left: (n: string) => `${n} übrig`,
    of: (n: string) => `${n} Token`,
    cut: (control: string) => `entfällt: ${control}`,
    said: "gezogen",
    forced: "vorgegeben",
    others: "alle anderen",
    none: "keine",
    grew: "mehr",
    fell: "weniger",
    off: "Aus:",
    idle: "Gesetzt, bei diesem Token ohne Wirkung:",
    noStage: "Nichts greift ein: Gezogen wird aus der Vorhersage des Modells, wie sie ist.",
    sum: (kept: string, of: string) => `${kept} von ${of} Token konnten gezogen werden.`,
    columns: ["Token", "ID", "Modell"] as const,
    cutBy: "entfällt durch",
    controls: {
      repetition_penalty: "Wiederholung dämpfen",
      no_repeat_ngram: "Kein N-Gramm zweimal",
      min_new_tokens: "Mindestens (Token)",
      block_eos: "Textende sperren",
      block_ws: "Leerraum sperren",
      temperature: "Temperatur",
      top_k: "Top-k",
      top_p: "Top-p",
      min_p: "Min-p",
    },
    greedy: "Stets das erste",
    tells: {
      raw: "Modell: die Wahrscheinlichkeiten, wie das Modell sie gibt, vor allen Schritten.",
      greedy: "Temperatur 0: Das wahrscheinlichste Token wird genommen, alle anderen entfallen.",
      repetition_penalty: (x: string) =>
        `Wiederholung dämpfen ${x}: Token, die schon im Text stehen, werden unwahrscheinlicher, die anderen wahrscheinlicher.`,
      no_repeat_ngram: (x: string) =>
        `Kein N-Gramm zweimal ${x}: Ein Token entfällt, mit dem ${x} Token in Folge ein zweites Mal dastünden.`,
      min_new_tokens: (x: string) =>
        `Mindestens ${x}: Das Textende entfällt, bis ${x} Token geschrieben sind.`,
      block_eos: (x: string) => `Textende sperren: Es entfällt in den ersten ${x} Schritten.`,
      block_ws: (x: string) =>
        `Leerraum sperren: Token aus bloßem Leerraum entfallen in den ersten ${x} Schritten.`,
      temperature: (x: string) =>
        Number(x) < 1
          ? `Temperatur ${x}: Wahrscheinliche Token werden noch wahrscheinlicher, unwahrscheinliche seltener; keines entfällt.`
          : `Temperatur ${x}: Gleicht die Auswahl an, unwahrscheinliche Token gewinnen; keines entfällt.`,
      top_k: (x: string) => `Top-k ${x}: Nur die ${x} wahrscheinlichsten Token bleiben.`,
      top_p: (x: string) =>
        `Top-p ${x}: Die wahrscheinlichsten Token bleiben, bis auf sie zusammen ${x} der Wahrscheinlichkeit entfallen.`,
      min_p: (x: string) =>
        `Min-p ${x}: Token mit weniger als ${x} der Wahrscheinlichkeit des ersten entfallen.`,
    },
  },
};
