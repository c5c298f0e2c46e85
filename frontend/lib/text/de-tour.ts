import type { Words } from "./words";

/** The words of the newcomer's tour, in German. */
export const tourText: Words["tour"] = {
  take: "Rundgang",
  invitation: "Neu hier?",
  dismiss: "Nein danke, kein Rundgang",
  label: "Rundgang durch die Seite",
  progress: (step, of) => `Schritt ${step} von ${of}`,
  back: "Zurück",
  next: "Weiter",
  skip: "Rundgang beenden",
  done: "Fertig",
  steps: [
    {
      title: "Einen Prompt eingeben",
      body: "Schreib, wie ein Text beginnt, oder nimm eines der Beispiele, und drücke Start. Das Modell schreibt von dort weiter, Token für Token.",
    },
    {
      title: "Den erzeugten Text lesen",
      body: "Jedes Feld ist ein Token; je kräftiger sein Ton, desto mehr hat das Modell damit gerechnet. Wähle eines, und alle Tafeln zeigen den Moment, in dem es vorhergesagt wurde.",
    },
    {
      title: "Die Alternativen sehen",
      body: "Die Token, die dort auch hätten stehen können, mit den Wahrscheinlichkeiten des Modells und dem, woraus am Ende gezogen wurde.",
    },
    {
      title: "Nach innen schauen",
      body: "Jede Tafel zeigt eine Messung und nennt ihre Einheit und die Stelle im Modell, die sie liest. Skalen stehen in einem Lauf still, damit sich Token vergleichen lassen.",
    },
    {
      title: "Durch die Zeit gehen",
      body: "Geh vor und zurück oder lass abspielen; alle Tafeln gehen mit. Live folgt wieder dem neuesten Token. Unter „Tafeln“ gibt es weitere.",
    },
  ],
};
