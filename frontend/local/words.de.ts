import type { Texts } from "./words.en";

const unsupported = (why: string): string =>
  `Dieses Modell kann nicht im Browser laufen: ${why}. Führe es auf dem Server aus oder wähle ein anderes.`;
const damaged = (what: string): string =>
  `${what} Lade das Modell noch einmal herunter oder speichere es noch einmal mit save_pretrained().`;
const onlyOnServer = (field: string, why: string): string =>
  `${field}: ${why} oder wähle ein Modell auf einem Server.`;

const notFinite: Texts["details"]["notFinite"] = (kind) =>
  `Die Logits des Modells ${kind === "-Infinity" ? "sind alle" : "enthalten"} ${kind}, deshalb kann kein Token gewählt werden. float16 läuft leicht über: Lade das Modell in float32 oder bfloat16. Ist es das schon, sind seine Gewichte beschädigt.`;

const kinds: Record<
  Parameters<Texts["details"]["wrongSetting"]>[2],
  (limit: string | number) => string
> = {
  boolean: () => "true oder false",
  integer: () => "eine ganze Zahl",
  number: () => "eine Zahl",
  array: () => "eine Liste",
  object: () => "ein Objekt",
  string: () => "ein Text",
  oneOf: (values) => `einer der Werte ${values}`,
  least: (limit) => `${limit} oder mehr`,
  above: (limit) => `mehr als ${limit}`,
  most: (limit) => `${limit} oder weniger`,
  fewestItems: (count) => `mindestens ${count} Einträge lang`,
  mostItems: (count) => `höchstens ${count} Einträge lang`,
  fewestCharacters: (count) => `mindestens ${count} Zeichen lang`,
  mostCharacters: (count) => `höchstens ${count} Zeichen lang`,
};

const millions = (count: number): string => `${Math.round(count / 1e6)} Millionen Parameter`;

const PARTS = {
  normalizer: "den Normalizer",
  decoder: "den Decoder",
  "pre-tokenizer": "den Pre-Tokenizer",
  "post-processor": "den Post-Processor",
};

const CANNOT_RUN = "Das Modell kann in diesem Browser nicht laufen";

export const texts: Texts = {
  titles: {
    invalid_settings: "Eine Einstellung ist ungültig",
    not_finite: "Das Modell hat NaN oder unendliche Zahlen berechnet",
    no_candidates: "Es ist kein Token mehr zur Wahl",
    model_load_failed: "Das Modell konnte nicht geladen werden",
    prompt_too_long: "Der Prompt passt nicht",
    only_on_server: "Diese Einstellung braucht ein Modell auf einem Server",
    unknown_model: "Dieses Modell gibt es nicht",
    unsupported_model: CANNOT_RUN,
    model_too_large: CANNOT_RUN,
    damaged_model: CANNOT_RUN,
    out_of_memory: CANNOT_RUN,
    no_simd: CANNOT_RUN,
    run_failed: "Der Lauf ist fehlgeschlagen",
  },
  details: {
    unknownSetting: (name, known) => `Es gibt keine Einstellung ${name}. Bekannt sind: ${known}.`,
    missingSetting: (field) => `${field} fehlt.`,
    wrongSetting: (field, value, kind, limit) =>
      `${field} hat den Wert ${value}, muss aber ${kinds[kind](limit)} sein.`,
    nothingToContinue: () =>
      "Es gibt nichts fortzusetzen: Gib prompt (einen Text) oder messages an.",
    promptAndMessages: () => "prompt und messages sind beide angegeben: Gib nur eines davon an.",
    tooManyForced: (forced, most) =>
      `forced_ids hat ${forced} Token, max_new_tokens ist aber ${most}; erhöhe max_new_tokens auf mindestens ${forced}.`,
    minAboveMax: (least, most) =>
      `min_new_tokens ist ${least}, max_new_tokens aber nur ${most}; senke min_new_tokens oder erhöhe max_new_tokens.`,
    serverSetting: (field) =>
      onlyOnServer(field, "Der Browser hat sie nicht; belass sie bei der Voreinstellung"),
    serverResume: (field) =>
      onlyOnServer(field, "Ein Server signiert es; fahre im Browser mit forced_ids fort"),
    serverPattern: (field) =>
      onlyOnServer(
        field,
        "Die Suche nach einem Muster lässt sich im Browser nicht unterbrechen; nimm breakpoints.text",
      ),
    projectionTooLarge: (field, layers, width) =>
      onlyOnServer(
        field,
        `Die Hauptkomponenten von ${layers} Schichten mit ${width} Zahlen würden im Browser mehr als eine halbe Minute dauern; setze es auf random`,
      ),
    unknownProbe: (name, known) =>
      `Es gibt im Browser keine Probe ${name}. Bekannt sind: ${known}.`,
    promptTooLongForMap: (most, layers, heads, tokens) =>
      `Eine attention_map dieses Modells (${layers} Schichten, ${heads} Heads) kann ${most} Token umfassen, der Prompt hat aber ${tokens}. Kürze ihn oder miss stattdessen attention_rows.`,
    runTooLongForMap: (most, layers, heads, every, tokens, limit) =>
      `Eine attention_map dieses Modells (${layers} Schichten, ${heads} Heads) kann ${most} Token umfassen, mit attn_every ${every} wären es bei der letzten aber ${tokens}. Setze attn_every auf 0 (nur die Karte des Prompts) oder max_new_tokens auf ${limit}.`,
    tileTooLarge: (height, width, layers, modelWidth, most) =>
      `tile ist ${height} mal ${width}, also ${height * width} Zellen; bei diesem Modell (${layers} Schichten mit ${modelWidth} Zahlen) sind höchstens ${most} möglich. Setze tile.height oder tile.width herab.`,
    noToken: (field) => `In ${field} ist kein Token; gib etwas Text an.`,
    noEmbedding: (place, field, id, most) =>
      `Token ${place} von ${field} hat die ID ${id}, das Modell hat aber nur Embeddings der IDs 0 bis ${most}: Sein Tokenizer hat mehr Token als das Modell. Lass das Token weg.`,
    forcedOutside: (place, id, most) =>
      `forced_ids[${place}] ist ${id}, das Modell hat aber nur die IDs 0 bis ${most}.`,
    promptTooLong: (tokens, field, forced, context, over) =>
      `In ${field} sind ${tokens} Token${forced ? ` und in forced_ids ${forced}` : ""}, in den Kontext des Modells passen aber ${context}, von denen eines für die Antwort bleiben muss. Kürze ${field} um mindestens ${over} Token.`,
    unknownRole: (where, role, known) =>
      `${where} ist ${role}; bei einem Modell ohne Chat-Vorlage gibt es nur die Rollen ${known}.`,
    systemLater: (where) =>
      `${where} ist system, das nur am Anfang stehen darf; verschiebe es dorthin.`,
    assistantLast: (where) =>
      `${where} ist assistant, es gibt also nichts zu beantworten; ende mit der Nachricht von user oder nimm prompt, um einen Text fortzusetzen.`,
    notFinite,
    notFiniteAt: (kind, index, position) =>
      `Der Lauf endete bei Token ${index}, Position ${position}. ${notFinite(kind)}`,
    noCandidates: (settings) =>
      `Alle Token wurden von ${settings} entfernt; lockere diese Einstellungen.`,
    noWeights: (name) => `${name} hat keine model.safetensors.`,
    notJson: (file) => `${file} ist kein gültiges JSON.`,
    unreadable: (file, reason) =>
      `${file} kann nicht gelesen werden: ${reason}. Wähle die Dateien noch einmal.`,
    unknownModel: (name, known) =>
      `Das Modell ${name} gibt es auf dieser Seite nicht. Bekannt sind: ${known}. Ein Modell aus eigenen Dateien wird vergessen, wenn die Seite neu geladen wird.`,
    notFetched: (address, reason) =>
      `${address} kann nicht geladen werden: ${reason}. Prüfe die Verbindung.`,
    notFound: (file, status) => `${file} kann nicht geladen werden: Status ${status}.`,
    brokeOff: (file, received, bytes) =>
      `Der Download von ${file} ist nach ${received} von ${bytes} Bytes abgebrochen. Prüfe die Verbindung und starte erneut.`,
    wrongDigest: (file) =>
      `${file} ist beschädigt: Die Prüfsumme ist nicht die, die die Seite nennt. Lade die Seite neu und starte erneut; passiert es wieder, passen die Dateien der Seite nicht zusammen.`,
    tooLarge: (parameters, most) =>
      `Dieses Modell hat ${millions(parameters)}. In halber Genauigkeit belegen sie ${((parameters * 2) / 1e9).toFixed(1).replace(".", ",")} GB Speicher, und während des Ladens mindestens noch einmal so viel. Ein Modell im Browser hat höchstens ${millions(most)}: Führe es auf dem Server aus oder wähle ein kleineres.`,
    outOfMemory: () =>
      "Dieser Browser hat zu wenig Speicher für das Modell oder für einen so langen Text. Schließe andere Tabs, nimm ein kleineres Modell oder einen kürzeren Text oder führe das Modell auf dem Server aus.",
    noSimd: () =>
      "Diesem Browser fehlt WebAssembly mit SIMD, das Modelle im Browser brauchen. Aktualisiere den Browser oder führe das Modell auf dem Server aus.",
    configField: (name, value) => unsupported(`Seine Konfiguration hat ${name} = ${value}`),
    configLacks: (name) => unsupported(`Seiner Konfiguration fehlt ${name}`),
    modelType: (type) => unsupported(`Sein model_type ist ${type}, nicht llama, mistral oder gpt2`),
    slidingWindow: () => unsupported("Es hat ein gleitendes Fenster"),
    attentionBiases: () => unsupported("Seine Attention hat Biases"),
    mlpBiases: () => unsupported("Sein MLP hat Biases"),
    unscaled: () => unsupported("Seine Attention-Werte werden nicht skaliert"),
    widthOfHeads: (width, heads) =>
      unsupported(`Seine ${width} Dimensionen sind kein Vielfaches von ${heads} Heads`),
    headSizes: () => unsupported("Die Größen seiner Heads passen nicht zueinander"),
    headDimension: (size) => unsupported(`Seine Heads haben ${size} Dimensionen`),
    noMultiple: (name, size) => unsupported(`${name} ist ${size}, kein Vielfaches von 32`),
    ropeType: (type) => unsupported(`Seine Rotary Embeddings sind vom Typ ${type}`),
    configNoObject: () => damaged("config.json ist kein Objekt."),
    eosNoIds: () => damaged("eos_token_id ist keine Liste von Token-IDs."),
    weightType: (name, type) => unsupported(`${name} hat Zahlen vom Typ ${type}`),
    otherHead: () => unsupported("Sein Unembedding ist ein anderes als das Embedding"),
    unknownWeight: (name) => unsupported(`Unter seinen Gewichten ist ${name}`),
    noWeight: (name) => damaged(`Unter den Gewichten fehlt ${name}.`),
    weightShape: (name, is, described) =>
      damaged(`${name} hat die Form [${is}], nicht [${described}], wie es in config.json steht.`),
    tooManyTensors: () => damaged("Die Gewichte haben zu viele Tensoren."),
    brokenEntry: (name) => damaged(`Die Gewichte haben einen kaputten Eintrag für ${name}.`),
    tensorBytes: (bytes, name, shape, type) =>
      damaged(
        `Die Gewichte haben ${bytes} Bytes für ${name}, was nicht zur Form [${shape}] in ${type} passt.`,
      ),
    notSafetensors: () => damaged("Die Gewichte sind keine safetensors-Datei."),
    headerCut: () => damaged("Die Gewichte sind im Header abgeschnitten."),
    brokenHeader: () => damaged("Die Gewichte haben einen kaputten Header."),
    gaps: () => damaged("Die Gewichte haben Tensoren, die sich überschneiden oder Lücken lassen."),
    weightsCut: (described, is) =>
      damaged(
        `Die Gewichte sind abgeschnitten: Ihr Header beschreibt ${described} Bytes, es sind aber ${is}.`,
      ),
    tokenizerHas: (what) => unsupported(`Sein Tokenizer hat ${what}`),
    tokenizerFileHas: (what) => unsupported(`Seine tokenizer.json hat ${what}`),
    tokenizerLacks: (what) => unsupported(`Seiner tokenizer.json fehlen ${what}`),
    tokenizerSetting: (name) => unsupported(`Sein Tokenizer hat die Einstellung ${name}`),
    tokenizerPart: (part, is) => unsupported(`Sein Tokenizer hat ${PARTS[part]} ${is}`),
    wordDecoder: () => unsupported("Sein Tokenizer hat den Decoder ganzer Wörter"),
    tokenizerKind: (kind) => unsupported(`Sein Tokenizer ist ein ${kind}`),
    noBytes: (kind) =>
      unsupported(
        kind
          ? `Sein Tokenizer ist ein ${kind}, der keine Byte-Token hat`
          : "Sein Tokenizer hat keine Byte-Token",
      ),
    noTokens: () => unsupported("Sein Tokenizer hat keine Token"),
    byteFallback: () => unsupported("Sein Tokenizer weicht auf Bytes aus"),
    missingBytes: () => unsupported("Sein Tokenizer hat nicht für jedes Byte ein Token"),
    brokenMerge: (left, right) =>
      unsupported(
        `Sein Tokenizer ist kaputt: Der Merge von ${left} und ${right} ist nicht im Vokabular`,
      ),
    otherWords: (pattern) => unsupported(`Sein Tokenizer trennt Wörter mit ${pattern}`),
    splitsSpecial: () => unsupported("Sein Tokenizer zerlegt Sondertoken"),
    ownSpecial: () => unsupported("Sein Tokenizer hat eigene Sondertoken"),
    specialToken: (token) => unsupported(`Sein Tokenizer hat das Sondertoken ${token}`),
    specialMap: (name) => unsupported(`Seine special_tokens_map.json hat ${name}`),
    forcedInForced: () =>
      "b.forced_ids ist angegeben, im Modus forced folgt b aber dem Text von a; lass es weg oder nimm den Modus own.",
    cannotForce: (why) => `b kann dem Text von a nicht folgen: ${why} Nimm den Modus own.`,
  },
  absent: {
    sizes: (one, count, other, otherCount) =>
      `${one} hat ${count} Token und ${other} ${otherCount}, deshalb lassen sich ihre Vorhersagen nicht vergleichen.`,
    tokens: (one, other) =>
      `${one} und ${other} haben verschiedene Token, deshalb lassen sich ihre Vorhersagen nicht vergleichen.`,
    capture: (side) => `${side} misst den Residualstrom nicht: Nimm residual in capture auf.`,
    layers: (layers, width, otherLayers, otherWidth) =>
      `Die Modelle haben ${layers} Schichten mit ${width} Zahlen und ${otherLayers} Schichten mit ${otherWidth} Zahlen, deshalb lassen sich ihre Residualströme nicht vergleichen.`,
  },
  ofSide: (side, detail) => `Lauf ${side}: ${detail}`,
};
