const steps = (n: number) => `${n.toLocaleString("de")} ${n === 1 ? "Schritt" : "Schritten"}`;
const snapshots = (n: number) => `${n.toLocaleString("de")} ${n === 1 ? "Stand" : "Stände"}`;

/** The words of a training that is watched, in German. */
export const trainingText = {
  training: {
    label: "Training",
    step: (n: number) => `nach ${steps(n)} Training`,
    misfit: (given: string) => `ist ${given}, was nicht erlaubt ist`,
    following: {
      reading: "Liest die Aufzeichnung",
      read: "",
      waiting: "Wartet auf den ersten Stand",
      watching: "Live",
      lost: "Verbindung verloren; neuer Versuch",
    },
    live: "Folgen",
    liveHint: "Jeden neuen Stand zeigen, sobald er eintrifft",
    controls: "Welchen Trainingsschritt die Tafeln zeigen",
    previous: "Voriger Stand",
    next: "Nächster Stand",
    play: "Lernen",
    playHint: "Einen Stand nach dem anderen zeigen",
    pause: "Anhalten",
    speed: "Stände je Sekunde",
    perSecond: (n: number) => `${n} pro s`,
    prompt: "Prompt",
    whichPrompt: "Welcher Prompt fortgesetzt wird",
    slider: "Trainingsschritt",
    sliderHelp:
      "Pfeiltasten gehen von Stand zu Stand, die Leertaste spielt sie ab, Pos1 und Ende springen an die Enden.",
    value: (step: number, loss: string, said: string) =>
      `Schritt ${step}, Verlust ${loss}: ${said}`,
    noLoss: "nicht genannt",
    at: (step: number) => `Schritt ${step.toLocaleString("de")}`,
    loss: "Verlust",
    lossScale: (top: number) => `0–${top} Nat`,
    minutes: (minutes: string) => `${minutes} Min.`,
    seconds: (seconds: string) => `${seconds} Sek.`,
    place: (place: number, of: number) => `Stand ${place} von ${of}`,
    said: "Was das Modell bei jedem Stand schrieb",
    columns: { step: "Schritt", loss: "Verlust" },
    nothing: "nichts",
    missing: "nicht aufgezeichnet",
    broke: "brach ab",
    howToRead:
      "Jede Zeile: was das Modell bei diesem Schritt nach dem Prompt schrieb; je dunkler, desto höher die Wahrscheinlichkeit. Kurve: der Verlust des Trainings; je kleiner, desto besser sagt das Modell die Trainingstexte vorher. Alle Stände haben denselben Abstand, also nehmen Schritte mit vielen Ständen mehr Raum ein. Text, Token und Tafeln darunter zeigen das Modell beim gewählten Schritt, alle auf einer Skala. Sie zeigen, was sich ändert, nicht warum.",
    example: {
      open: "Einem Modell beim Schreibenlernen zusehen",
      name: "mav-tiny lernt",
      note: (steps: number, tokens: string) =>
        `Ein Modell mit der Architektur von mav-tiny, von zufälligen Gewichten an trainiert, ${steps.toLocaleString("de")} Schritte zu 4.096 Token (${String(tokens).replace(".", ",")} Millionen), mit dem Trainingsprogramm des Projekts, in 51 Minuten auf einem Prozessorkern. Das ist ein kurzes Training: mav-tiny selbst wurde mit zwanzigmal so vielen Token trainiert. Die Zahlen sind auf vier Stellen gerundet.`,
    },
    open: {
      live: "Dem Training auf diesem Server zusehen",
      liveName: "Training, live",
    },
    again: (step: number) =>
      `Das Training wurde bei Schritt ${step.toLocaleString("de")} wieder aufgenommen; spätere Schritte des früheren Versuchs werden nicht gezeigt.`,
    thinned: (n: number) =>
      `${snapshots(n)} dazwischen ${n === 1 ? "wird" : "werden"} nicht gezeigt, um Speicher zu sparen; die Aufzeichnung enthält alle.`,
    kept: (n: number) => `${snapshots(n)} davor ${n === 1 ? "lässt" : "lassen"} sich verwenden.`,
    save: "Training",
    saveHint: "Alle Stände dieses Trainings; lässt sich hier und in Python öffnen",
    saveRun: "Aufzeichnung dieses Stands",
    pageHint: "Eine Datei, die das ganze Training abspielt, ohne Server",
  },
} as const;
