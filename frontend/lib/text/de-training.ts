const steps = (n: number) => `${n.toLocaleString("de")} ${n === 1 ? "Schritt" : "Schritten"}`;
const looks = (n: number) => `${n.toLocaleString("de")} ${n === 1 ? "Blick" : "Blicke"}`;

/** The words of a training that is watched, in German. */
export const trainingText = {
  training: {
    label: "Training",
    step: (n: number) => `nach ${steps(n)} Training`,
    misfit: (given: string) => `ist ${given}, was es nicht sein kann`,
    following: {
      reading: "Liest die Aufzeichnung",
      read: "",
      waiting: "Wartet auf den ersten Blick",
      watching: "Live",
      lost: "Verbindung verloren; neuer Versuch",
    },
    live: "Folgen",
    liveHint: "Jeden neuen Blick zeigen, sobald er kommt",
    controls: "Welchen Trainingsschritt die Tafeln zeigen",
    previous: "Blick davor",
    next: "Blick danach",
    play: "Lernen",
    playHint: "Einen Blick nach dem anderen zeigen",
    pause: "Anhalten",
    speed: "Blicke je Sekunde",
    perSecond: (n: number) => `${n} Blicke/s`,
    prompt: "Prompt",
    whichPrompt: "Welcher Prompt fortgesetzt wird",
    slider: "Trainingsschritt",
    sliderHelp:
      "Pfeiltasten gehen von Blick zu Blick, die Leertaste spielt sie ab, Pos1 und Ende springen an die Enden.",
    value: (step: number, loss: string, said: string) =>
      `Schritt ${step}, Verlust ${loss}: ${said}`,
    noLoss: "nicht genannt",
    at: (step: number) => `Schritt ${step.toLocaleString("de")}`,
    loss: "Verlust",
    lossScale: (top: number) => `0–${top} Nats`,
    minutes: (minutes: string) => `${minutes} Min.`,
    seconds: (seconds: string) => `${seconds} Sek.`,
    place: (place: number, of: number) => `Blick ${place} von ${of}`,
    said: "Was das Modell bei jedem Blick sagte",
    columns: { step: "Schritt", loss: "Verlust" },
    nothing: "nichts",
    missing: "wurde nicht angesehen",
    broke: "brach ab",
    howToRead:
      "Jede Zeile: was das Modell bei diesem Schritt nach dem Prompt schrieb; je dunkler, desto sicherer war es. Kurve: der Verlust des Trainings selbst, wie schlecht es seine Texte erwartet. Jeder Blick hat einen Platz, also bekommen Schritte mehr Raum, die oft angesehen wurden. Text, Token und Tafeln darunter sind das Modell des gewählten Schritts, alle auf einer Skala. Es zeigt, was sich ändert, nicht warum.",
    example: {
      open: "Einem Modell beim Sprechenlernen zusehen",
      name: "mav-tiny lernt",
      note: (steps: number, tokens: string) =>
        `Ein Modell von der Gestalt von mav-tiny, von zufälligen Gewichten an durch ${steps.toLocaleString("de")} Schritte zu 4.096 Token (${String(tokens).replace(".", ",")} Millionen), mit dem Programm des Projekts, in 51 Minuten auf einem Prozessorkern. Es ist ein kurzes Training: mav-tiny selbst hat zwanzigmal so viel gelesen. Die Zahlen sind auf vier Stellen gerundet.`,
    },
    open: {
      live: "Dem Training zusehen, das hier läuft",
      liveName: "Training, live",
    },
    again: (step: number) =>
      `Das Training wurde bei Schritt ${step.toLocaleString("de")} wieder aufgenommen; was ein früherer Versuch danach tat, ist weggelassen.`,
    thinned: (n: number) =>
      `${looks(n)} dazwischen sind weggelassen, damit die Seite mit ihrem Speicher auskommt; die Aufzeichnung hat sie.`,
    kept: (n: number) => `${looks(n)} davor ${n === 1 ? "ist" : "sind"} ganz und brauchbar.`,
    save: "Training",
    saveHint: "Alle Blicke dieses Trainings; lässt sich hier und in Python öffnen",
    saveRun: "Aufzeichnung dieses Blicks",
    pageHint: "Eine Datei, die das ganze Training abspielt, ohne Server",
  },
} as const;
