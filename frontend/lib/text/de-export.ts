/** Wörter für alles, was man mitnehmen und wieder öffnen kann. */
export const exportText = {
  save: {
    open: "Sichern",
    label: "Diesen Lauf sichern",
    hint: "Einen Lauf sichern oder öffnen",
    recording: "Aufzeichnung",
    recordingHint: "Jedes Ereignis des Laufs; öffnet sich hier und in Python",
    page: "Eigenständige Seite",
    pageHint: "Eine Datei, die den Lauf wiedergibt, ganz ohne Server",
    link: "Link kopieren",
    linkHint: "Stellt denselben Lauf ein",
    linkCopied: "Link kopiert",
    linkNotCopied: "Der Browser ließ die Seite nicht kopieren. Der Link steht in der Adresszeile.",
    openFile: "Aufzeichnung öffnen …",
    openHint: "Oder die Datei irgendwo auf der Seite ablegen",
    nothing: "Es gibt noch keinen Lauf zu sichern.",
    full: (tokens: number, limit: string) =>
      `Der Lauf ist über ${limit} hinausgewachsen: Die Aufzeichnung enthält seine ersten ${tokens} Token.`,
    running: (tokens: number) => `Der Lauf geht weiter: Jetzt gesichert, sind es ${tokens} Token.`,
    saved: (name: string) => `${name} gesichert`,
    bytes: (kilo: number) =>
      kilo >= 1000
        ? `${(kilo / 1000).toLocaleString("de", { maximumFractionDigits: 1 })} MB`
        : `${Math.max(1, Math.round(kilo))} kB`,
  },
  drop: "Aufzeichnung ablegen, um sie zu öffnen",
  recording: {
    source: "Aufzeichnung",
    another: "Andere Datei öffnen",
    notARecording: {
      title: "Diese Datei ist keine Aufzeichnung von MAV",
      detail: (name: string) =>
        `${name} beginnt nicht mit einem start-Ereignis. Eine Aufzeichnung enthält je Zeile ein JSON-Ereignis: Sichern Sie hier eine, oder fragen Sie die API mit „Accept: application/x-ndjson“.`,
      empty: (name: string) =>
        `${name} ist leer: Kein Ereignis wurde hineingeschrieben. Sichern Sie den Lauf noch einmal.`,
    },
    version: {
      title: "Die Aufzeichnung ist von einer anderen Version",
      detail: (given: string, own: number) =>
        `Zeile 1: start.v ist ${given}, und diese Seite liest Version ${own}. Öffnen Sie sie mit dem MAV, das sie geschrieben hat, oder lassen Sie dieselben Einstellungen noch einmal laufen.`,
    },
    broken: {
      title: "Die Aufzeichnung ist beschädigt",
      json: (line: number) => `Zeile ${line} ist kein JSON.`,
      misfit: (line: number, where: string, problem: string) =>
        `Zeile ${line} passt nicht: ${where} ${problem}.`,
      order: (line: number, type: string, last: string) =>
        `Zeile ${line} ist ein ${type}-Ereignis, das auf ein ${last}-Ereignis nicht folgen kann: Es fehlen Zeilen, oder zwei Aufzeichnungen stehen in einer Datei.`,
      index: (line: number, given: number, expected: number) =>
        `Zeile ${line} ist Token ${given}, wo Token ${expected} stehen müsste: Zeilen fehlen oder stehen doppelt da.`,
      remedy: "Beschaffen Sie die Datei neu, oder nutzen Sie, was vor dieser Zeile steht.",
    },
    torn: {
      title: "Die Aufzeichnung ist nicht vollständig",
      line: (line: number) =>
        `Zeile ${line} hört mittendrin auf: Dort wurde die Datei abgeschnitten.`,
      ended: (line: number, type: string) =>
        `Sie endet nach Zeile ${line}, einem ${type}-Ereignis, ohne done oder error: Sie wurde während des Laufs gesichert oder abgeschnitten.`,
      remedy: "Was davor steht, ist ganz.",
    },
    unreadable: {
      title: "Die Datei lässt sich nicht lesen",
      detail: (reason: string) =>
        `Der Browser sagt: ${reason}. Prüfen Sie, ob die Datei noch da ist, und öffnen Sie sie noch einmal.`,
    },
  },
  takeAway: {
    svg: "Bild auf Weiß, SVG",
    png: "Bild auf Weiß, PNG",
    svgDark: "Bild wie gezeigt, SVG",
    pngDark: "Bild wie gezeigt, PNG",
    csv: "Zahlen dieses Tokens, CSV",
    csvAll: "Zahlen aller Token, CSV",
    json: "Zahlen mit Einstellungen, JSON",
    token: "token",
    at: (index: number, label: string) => `Token ${index} „${label}“`,
    position: (position: number) => `Stelle ${position} im Kontext`,
    seed: (seed: number) => `Seed ${seed}`,
    temperature: (value: string) => `Temperatur ${value}`,
    prompt: (prompt: string) => `Prompt „${prompt}“`,
    reads: (hookPoint: string) => `liest ${hookPoint}`,
    failed: {
      title: "Die Datei konnte nicht erstellt werden",
      detail: (reason: string) =>
        `Der Browser sagt: ${reason}. Nichts ist verloren; laden Sie die Seite neu, wenn es wieder geschieht.`,
    },
    dismiss: "Schließen",
  },
  replay: {
    title: (name: string) => `${name} · MAV-Aufzeichnung`,
    about: "Ein aufgezeichneter Lauf. Alles auf dieser Seite steckt in dieser einen Datei.",
    none: "Diese Seite enthält keine Aufzeichnung",
    noneDetail:
      "Sie ist die Vorlage, in die Aufzeichnungen gesetzt werden. Sichern Sie in MAV eine eigenständige Seite.",
    template: {
      title: "Die eigenständige Seite kann nicht erstellt werden",
      detail: "Die Site wurde ohne ihre Vorlage ausgeliefert. Bauen Sie sie: npm run build.",
    },
  },
} as const;
