import type { Translated } from "@/lib/i18n/translated";
import type { english } from "./words.en";

export const german: Translated<typeof english> = {
  take: "Rundgang",
  invitation: "Neu hier?",
  dismiss: "Nein danke",
  label: "Rundgang durch die Seite",
  progress: (step, of) => `Schritt ${step} von ${of}`,
  back: "Zurück",
  next: "Weiter",
  skip: "Rundgang beenden",
  done: "Fertig",
  steps: [
    {
      title: "Einen Prompt eingeben",
      body: "Schreib den Anfang eines Textes oder wähle ein Beispiel und klicke auf Start. Das Modell setzt ihn Token für Token fort. „Weiter“ startet ein Beispiel, wenn noch kein Lauf da ist.",
    },
    {
      title: "Den generierten Text lesen",
      body: "Jedes Feld ist ein Token; je dunkler, desto höher seine Wahrscheinlichkeit. Wähle eines, und alle Panels zeigen den Schritt, der es vorhergesagt hat.",
    },
    {
      title: "Die Alternativen sehen",
      body: "Die Token, die als Nächstes hätten kommen können, mit den Wahrscheinlichkeiten des Modells und denen beim Sampling.",
    },
    {
      title: "Ins Modell schauen",
      body: "Jedes Panel zeigt eine Messgröße mit Einheit und Messstelle im Modell. Skalen bleiben während eines Laufs fest, damit sich Token vergleichen lassen.",
    },
    {
      title: "Zeitverlauf",
      body: "Geh vor und zurück oder klicke auf Abspielen; alle Panels folgen. Im Menü „Panels“ gibt es weitere.",
    },
  ],
};
