/** Words for what can be taken away, and for opening it again, in German. */
export const exportText = {
  save: {
    open: "Sichern",
    label: "Diesen Lauf sichern",
    hint: "Einen Lauf sichern oder öffnen",
    recording: "Aufzeichnung",
    recordingHint: "Alle Ereignisse des Laufs; lässt sich hier und in Python öffnen",
    page: "Eigenständige Seite",
    pageHint: "Eine Datei, die den Lauf ohne Server abspielt",
    link: "Link kopieren",
    linkHint: "Richtet denselben Lauf ein",
    linkCopied: "Link kopiert",
    linkNotCopied: "Der Browser ließ die Seite nicht kopieren. Der Link steht in der Adresszeile.",
    openFile: "Aufzeichnung öffnen …",
    openHint: "Oder die Datei irgendwo auf die Seite ziehen",
    nothing: "Es gibt noch keinen Lauf, der sich sichern ließe.",
    full: (tokens: number, limit: string) =>
      `Der Lauf ist über ${limit} hinausgewachsen: Die Aufzeichnung enthält seine ersten ${tokens} Token.`,
    running: (tokens: number) =>
      `Der Lauf geht weiter: Was jetzt gesichert wird, enthält ${tokens} Token.`,
    saved: (name: string) => `${name} gesichert`,
    bytes: (kilo: number) =>
      kilo >= 1000
        ? `${(kilo / 1000).toFixed(1).replace(".", ",")} MB`
        : `${Math.max(1, Math.round(kilo))} kB`,
  },
  drop: "Hier loslassen, um die Aufzeichnung zu öffnen",
  recording: {
    source: "Aufzeichnung",
    another: "Andere Datei öffnen",
    notARecording: {
      title: "Diese Datei ist keine Aufzeichnung von MAV",
      detail: (name: string) =>
        `${name} beginnt nicht mit einem start-Ereignis. Eine Aufzeichnung enthält ein JSON-Ereignis je Zeile: Sichere hier eine oder rufe sie aus der API ab, mit „Accept: application/x-ndjson“.`,
      empty: (name: string) => `${name} ist leer. Sichere den Lauf noch einmal.`,
    },
    version: {
      title: "Die Aufzeichnung hat eine andere Version",
      detail: (given: string, own: number, line: number, where: string) =>
        `Zeile ${line}: ${where} ist ${given}, und diese Seite liest Version ${own}. Öffne sie mit dem MAV, das sie geschrieben hat, oder starte mit denselben Einstellungen neu.`,
    },
    broken: {
      title: "Die Aufzeichnung ist beschädigt",
      json: (line: number) => `Zeile ${line} ist kein JSON.`,
      misfit: (line: number, where: string, problem: string) =>
        `Zeile ${line} passt nicht (auf Englisch): ${where} ${problem}.`,
      order: (line: number, type: string, last: string) =>
        `Zeile ${line} ist ein ${type}-Ereignis, das nicht auf ${last} folgen kann: Es fehlen Zeilen, oder zwei Aufzeichnungen stehen in einer Datei.`,
      index: (line: number, given: number, expected: number) =>
        `Zeile ${line} ist Token ${given}, wo Token ${expected} stehen müsste: Dort fehlen Zeilen oder stehen doppelt.`,
      remedy: "Besorge die Datei neu oder verwende den Teil vor dieser Zeile.",
    },
    torn: {
      title: "Die Aufzeichnung ist nicht vollständig",
      line: (line: number) => `Zeile ${line} bricht ab: Dort wurde die Datei abgeschnitten.`,
      ended: (line: number, type: string) =>
        `Sie endet nach Zeile ${line}, einem ${type}-Ereignis, ohne done oder error: Sie wurde gesichert, während der Lauf noch ging, oder abgeschnitten.`,
      remedy: "Der Teil davor lässt sich verwenden.",
    },
    unreadable: {
      title: "Die Datei lässt sich nicht lesen",
      detail: (reason: string) =>
        `Der Browser meldet: ${reason}. Sieh nach, ob die Datei noch da ist, und öffne sie noch einmal.`,
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
    token: "Token",
    at: (index: number, label: string) => `Token ${index} „${label}“`,
    position: (position: number) => `Stelle ${position} im Kontext`,
    seed: (seed: number) => `Startwert ${seed}`,
    temperature: (value: string) => `Temperatur ${value}`,
    prompt: (prompt: string) => `Prompt „${prompt}“`,
    reads: (hookPoint: string) => `liest ${hookPoint}`,
    failed: {
      title: "Die Datei ließ sich nicht herstellen",
      detail: (reason: string) =>
        `Der Browser meldet: ${reason}. Nichts ist verloren; lade die Seite neu, wenn es wieder geschieht.`,
    },
    dismiss: "Ausblenden",
  },
  replay: {
    title: (name: string) => `${name} · MAV-Aufzeichnung`,
    about: "Ein aufgezeichneter Lauf. Alles auf dieser Seite steht in dieser einen Datei.",
    none: "Diese Seite enthält keine Aufzeichnung",
    noneDetail:
      "Sie ist die Vorlage, in die Aufzeichnungen gesetzt werden. Sichere in MAV eine eigenständige Seite.",
    template: {
      title: "Die eigenständige Seite lässt sich nicht herstellen",
      detail: "Der Website fehlt ihre Vorlage. Baue sie: npm run build.",
    },
  },
};
