/** The texts of errors, and of what a comparison lacks. */

type Value = string | number;

const unsupported = (why: string): string =>
  `This model cannot run in the browser: ${why}. Run it on the server, or choose another model.`;
const damaged = (what: string): string =>
  `${what} Download the model again, or save it again with save_pretrained().`;
const onlyOnServer = (field: string, why: string): string =>
  `${field}: ${why}, or choose a model on a server.`;

const notFinite = (kind: "NaN" | "Infinity" | "-Infinity"): string =>
  `The model's logits ${kind === "-Infinity" ? "are all" : "hold"} ${kind}, so no token can be chosen. float16 overflows easily: load the model in float32 or bfloat16. If it is in one of them already, its weights are damaged.`;

/** What a value of a setting should be. */
const kinds = {
  boolean: () => "true or false",
  integer: () => "a whole number",
  number: () => "a number",
  array: () => "a list",
  object: () => "an object",
  string: () => "a text",
  oneOf: (values: Value) => `one of ${values}`,
  least: (limit: Value) => `${limit} or more`,
  above: (limit: Value) => `more than ${limit}`,
  most: (limit: Value) => `${limit} or less`,
  fewestItems: (count: Value) => `at least ${count} items long`,
  mostItems: (count: Value) => `at most ${count} items long`,
  fewestCharacters: (count: Value) => `at least ${count} characters long`,
  mostCharacters: (count: Value) => `at most ${count} characters long`,
};

const millions = (count: number): string => `${Math.round(count / 1e6)} million parameters`;

const details = {
  // Settings.
  unknownSetting: (name: string, known: string) =>
    `There is no setting named ${name}. Known: ${known}.`,
  missingSetting: (field: string) => `${field} is missing.`,
  wrongSetting: (field: string, value: string, kind: keyof typeof kinds, limit: Value) =>
    `${field} was given as ${value}: it should be ${kinds[kind](limit)}.`,
  nothingToContinue: () => "There is nothing to continue: give prompt (a text) or messages.",
  promptAndMessages: () => "prompt and messages were both given: give exactly one of them.",
  tooManyForced: (forced: number, most: number) =>
    `forced_ids holds ${forced} tokens but max_new_tokens is ${most}; raise max_new_tokens to at least ${forced}.`,
  minAboveMax: (least: number, most: number) =>
    `min_new_tokens is ${least} but max_new_tokens is only ${most}; lower min_new_tokens or raise max_new_tokens.`,
  serverSetting: (field: string) =>
    onlyOnServer(field, "the browser does not have it; leave it at its default"),
  serverResume: (field: string) =>
    onlyOnServer(field, "it is signed by a server; in the browser, continue with forced_ids"),
  serverPattern: (field: string) =>
    onlyOnServer(
      field,
      "a search for a pattern cannot be interrupted in the browser; use breakpoints.text",
    ),
  projectionTooLarge: (field: string, layers: number, width: number) =>
    onlyOnServer(
      field,
      `the principal components of ${layers} layers of ${width} numbers would take more than half a minute in the browser; set it to random`,
    ),
  unknownProbe: (name: string, known: string) =>
    `There is no probe named ${name} in the browser. Known: ${known}.`,
  promptTooLongForMap: (most: number, layers: number, heads: number, tokens: number) =>
    `An attention_map of this model (${layers} layers, ${heads} heads) may cover ${most} tokens, but the prompt has ${tokens}. Shorten it, or capture attention_rows instead.`,
  runTooLongForMap: (
    most: number,
    layers: number,
    heads: number,
    every: number,
    tokens: number,
    limit: number,
  ) =>
    `An attention_map of this model (${layers} layers, ${heads} heads) may cover ${most} tokens, but with attn_every ${every} the last one would cover ${tokens}. Set attn_every to 0 for the prompt's map alone, or max_new_tokens to ${limit}.`,
  tileTooLarge: (height: number, width: number, layers: number, modelWidth: number, most: number) =>
    `tile is ${height} by ${width}, ${height * width} cells; for this model (${layers} layers of ${modelWidth} numbers) at most ${most} are allowed. Set a smaller tile.height or tile.width.`,

  // The prompt.
  noToken: (field: string) => `There is no token in the ${field}; give some text.`,
  noEmbedding: (place: number, field: string, id: number, most: number) =>
    `Token ${place} of the ${field} has the id ${id}, but the model has embeddings only for the ids 0 to ${most}: its tokenizer has more tokens than the model. Leave the token out.`,
  forcedOutside: (place: number, id: number, most: number) =>
    `forced_ids[${place}] is ${id}, but the model has the ids 0 to ${most}.`,
  promptTooLong: (tokens: number, field: string, forced: number, context: number, over: number) =>
    `There are ${tokens} tokens in the ${field}${forced ? ` and ${forced} in forced_ids` : ""}, but the context of the model holds ${context}, of which one must be left for the answer. Shorten the ${field} by at least ${over} tokens.`,
  unknownRole: (where: string, role: string, known: string) =>
    `${where} is ${role}, but for a model without a chat template the roles are ${known}.`,
  systemLater: (where: string) => `${where} is system, which may only come first; move it there.`,
  assistantLast: (where: string) =>
    `${where} is assistant, so there is nothing to reply to; end with the user's message, or use prompt to continue a text.`,

  // The run.
  notFinite,
  notFiniteAt: (kind: Parameters<typeof notFinite>[0], index: number, position: number) =>
    `The run stopped at token ${index}, position ${position}. ${notFinite(kind)}`,
  noCandidates: (settings: string) =>
    `Every token was removed by ${settings}; relax these settings.`,

  // Files.
  noWeights: (name: string) => `${name} has no model.safetensors.`,
  notJson: (file: string) => `${file} is not valid JSON.`,
  unreadable: (file: string, reason: string) =>
    `${file} cannot be read: ${reason}. Choose the files again.`,
  unknownModel: (name: string, known: string) =>
    `There is no model ${name} on this site. Known: ${known}. A model of your own files is forgotten when the page is loaded again.`,
  notFetched: (address: string, reason: string) =>
    `${address} cannot be fetched: ${reason}. Check the connection.`,
  notFound: (file: string, status: number) => `${file} cannot be fetched: status ${status}.`,
  brokeOff: (file: string, received: number, bytes: number) =>
    `The download of ${file} broke off after ${received} of ${bytes} bytes. Check the connection and run again.`,
  wrongDigest: (file: string) =>
    `${file} is damaged: its digest is not the one that the site states. Reload the page and run again; if it happens again, the site's files are inconsistent.`,

  // What the browser lacks.
  tooLarge: (parameters: number, most: number) =>
    `This model has ${millions(parameters)}. In half precision they take ${((parameters * 2) / 1e9).toFixed(1)} GB of memory, and at least as much again while they are loaded. A model in the browser has at most ${millions(most)}: run it on the server, or choose a smaller one.`,
  outOfMemory: () =>
    "This browser has too little memory for the model or for a text of this length. Close other tabs, use a smaller model or a shorter text, or run the model on the server.",
  noSimd: () =>
    "This browser has no WebAssembly with SIMD, which models need that run in the browser. Update the browser, or run the model on the server.",

  // config.json.
  configField: (name: string, value: string) =>
    unsupported(`its configuration has ${name} = ${value}`),
  configLacks: (name: string) => unsupported(`its configuration has no ${name}`),
  modelType: (type: string) => unsupported(`its model_type is ${type}, not llama, mistral or gpt2`),
  slidingWindow: () => unsupported("it has a sliding window"),
  attentionBiases: () => unsupported("its attention has biases"),
  mlpBiases: () => unsupported("its MLP has biases"),
  unscaled: () => unsupported("its attention scores are not scaled"),
  widthOfHeads: (width: number, heads: number) =>
    unsupported(`its ${width} dimensions are no multiple of ${heads} heads`),
  headSizes: () => unsupported("the sizes of its heads do not fit together"),
  headDimension: (size: number) => unsupported(`its heads have ${size} dimensions`),
  noMultiple: (name: string, size: number) =>
    unsupported(`${name} is ${size}, which is no multiple of 32`),
  ropeType: (type: string) => unsupported(`its rotary embeddings are of the type ${type}`),
  configNoObject: () => damaged("config.json is not an object."),
  eosNoIds: () => damaged("eos_token_id is not a list of token ids."),

  // model.safetensors.
  weightType: (name: string, type: string) =>
    unsupported(`${name} has numbers of the type ${type}`),
  otherHead: () => unsupported("its unembedding is another one than the embedding"),
  unknownWeight: (name: string) => unsupported(`its weights have ${name}`),
  noWeight: (name: string) => damaged(`The weights have no ${name}.`),
  weightShape: (name: string, is: string, described: string) =>
    damaged(`${name} has the shape [${is}], not [${described}] as config.json says.`),
  tooManyTensors: () => damaged("The weights have too many tensors."),
  brokenEntry: (name: string) => damaged(`The weights have a broken entry for ${name}.`),
  tensorBytes: (bytes: number, name: string, shape: string, type: string) =>
    damaged(
      `The weights have ${bytes} bytes for ${name}, which does not match its shape [${shape}] in ${type}.`,
    ),
  notSafetensors: () => damaged("The weights are not a safetensors file."),
  headerCut: () => damaged("The weights are cut off in their header."),
  brokenHeader: () => damaged("The weights have a broken header."),
  gaps: () => damaged("The weights have tensors that overlap or leave gaps."),
  weightsCut: (described: number, is: number) =>
    damaged(
      `The weights are cut off: their header describes ${described} bytes, but there are ${is}.`,
    ),

  // The tokenizer.
  tokenizerHas: (what: string) => unsupported(`its tokenizer has ${what}`),
  tokenizerFileHas: (what: string) => unsupported(`its tokenizer.json has ${what}`),
  tokenizerLacks: (what: string) => unsupported(`its tokenizer.json has no ${what}`),
  tokenizerSetting: (name: string) => unsupported(`its tokenizer has the setting ${name}`),
  tokenizerPart: (
    part: "normalizer" | "decoder" | "pre-tokenizer" | "post-processor",
    is: string,
  ) => unsupported(`its tokenizer has the ${part} ${is}`),
  wordDecoder: () => unsupported("its tokenizer has the decoder of words"),
  tokenizerKind: (kind: string) => unsupported(`its tokenizer is a ${kind}`),
  noBytes: (kind: string) =>
    unsupported(
      kind
        ? `its tokenizer is a ${kind}, which has no byte-level tokens`
        : "its tokenizer has no byte-level tokens",
    ),
  noTokens: () => unsupported("its tokenizer has no tokens"),
  byteFallback: () => unsupported("its tokenizer falls back to bytes"),
  missingBytes: () => unsupported("its tokenizer does not have a token for each byte"),
  brokenMerge: (left: string, right: string) =>
    unsupported(
      `its tokenizer is broken: the merge of ${left} and ${right} is not in the vocabulary`,
    ),
  otherWords: (pattern: string) => unsupported(`its tokenizer splits words by ${pattern}`),
  splitsSpecial: () => unsupported("its tokenizer splits special tokens"),
  ownSpecial: () => unsupported("its tokenizer has special tokens of its own"),
  specialToken: (token: string) => unsupported(`its tokenizer has the special token ${token}`),
  specialMap: (name: string) => unsupported(`its special_tokens_map.json has ${name}`),

  // Comparisons.
  forcedInForced: () =>
    "b.forced_ids was given, but in the mode forced b is forced to a's text; leave it away, or use the mode own.",
  cannotForce: (why: string) => `b cannot be forced to a's text: ${why} Use the mode own.`,
};

/** What a comparison does not have, and why. */
const absent = {
  sizes: (one: string, count: number | null, other: string, otherCount: number | null) =>
    `${one} has ${count} tokens and ${other} ${otherCount}, so their predictions cannot be compared.`,
  tokens: (one: string, other: string) =>
    `${one} and ${other} have different tokens, so their predictions cannot be compared.`,
  capture: (side: string) =>
    `${side} does not capture the residual stream: add residual to its capture.`,
  layers: (
    layers: number | null,
    width: number | null,
    otherLayers: number | null,
    otherWidth: number | null,
  ) =>
    `The models have ${layers} layers of ${width} numbers and ${otherLayers} layers of ${otherWidth} numbers, so their residual streams cannot be compared.`,
};

export const texts = {
  titles: {
    invalid_settings: "A setting is invalid",
    not_finite: "The model computed NaN or infinite numbers",
    no_candidates: "No token is left to choose from",
    model_load_failed: "The model could not be loaded",
    prompt_too_long: "The prompt does not fit",
    only_on_server: "This setting needs a model on a server",
    unknown_model: "There is no such model",
    unsupported_model: "The model cannot run in this browser",
    model_too_large: "The model cannot run in this browser",
    damaged_model: "The model cannot run in this browser",
    out_of_memory: "The model cannot run in this browser",
    no_simd: "The model cannot run in this browser",
    run_failed: "The run failed",
  },
  details,
  absent,
  /** A text about one side of a comparison. */
  ofSide: (side: string, detail: string) => `Run ${side}: ${detail}`,
};

export type Texts = typeof texts;
export type Details = typeof details;
