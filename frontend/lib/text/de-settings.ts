/** What each setting does; in English the engine's own schema says it. */
export const settingExplanations: Record<string, string> = {
  model: "Der Name eines Modells aus /api/models.",
  prompt: "Der Text, der weitergeschrieben wird.",
  max_new_tokens: "So viele Token werden höchstens geschrieben.",
  min_new_tokens: "Vor so vielen Token kann das Modell den Text nicht beenden.",
  temperature:
    "0 nimmt stets das wahrscheinlichste Token; höhere Werte machen unwahrscheinliche Token wahrscheinlicher.",
  top_k: "Nur aus den k wahrscheinlichsten Token ziehen; 0 schaltet ab.",
  top_p:
    "Nur aus den wahrscheinlichsten Token ziehen, auf die zusammen dieser Anteil entfällt; 1 schaltet ab.",
  min_p: "Token unter diesem Anteil des wahrscheinlichsten entfallen; 0 schaltet ab.",
  repetition_penalty:
    "Über 1 werden Token unwahrscheinlicher, die schon im Text stehen; 1 schaltet ab.",
  no_repeat_ngram_size: "Keine Folge von so vielen Token kommt zweimal vor; 0 schaltet ab.",
  block_eos_steps: "So viele Schritte lang kein Textende; 0 schaltet ab.",
  block_ws_steps: "So viele Schritte lang kein Token, das nur Leerraum ist; 0 schaltet ab.",
  stop: "Der Text endet, sobald einer dieser Texte darin steht; der Stopptext selbst erscheint nicht.",
  seed: "Gleicher Startwert und gleiche Einstellungen ergeben gleiche Token; ohne Angabe wird ein zufälliger verwendet und angezeigt.",
  top_n: "So viele Vorhersagen werden zu jedem Token gezeigt.",
  aggregation:
    "Wie aus dem Vektor einer Schicht eine Zahl wird: seine Länge (l2), sein größter (max_abs) oder mittlerer Betrag (mean_abs) oder sein quadratisches Mittel (rms).",
  tile_height: "Zeilen einer Kachel.",
  tile_width: "Spalten einer Kachel.",
  tile_projection:
    "Wie der Vektor einer Schicht zum Bild wird: durch eine zufällige Projektion mit festem Startwert oder durch Hauptkomponenten.",
  tile_signal: "Welcher Vektor einer Schicht gezeichnet wird.",
  capture: "Die Sonden, die jedes Token messen; predictions und distribution sind immer dabei.",
  attn_every:
    "Mit der Sonde attention_map alle so viele Token ein ganzes Muster, nicht nur das des Prompts; 0 schaltet ab.",
};
