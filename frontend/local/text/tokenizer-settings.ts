/**
 * The settings of a tokenizer in `tokenizer_config.json`, and the class that they name.
 *
 * The rules are those of `mav_engine/backends/native/tokenizer_settings.py`.
 */

import { unsupported } from "../errors";
import type { AddedToken } from "./added-tokens";
import { type Fields, fieldsOf, itemsOf, textOf } from "./json";

/** The names of special tokens, in the order of transformers. */
const SPECIAL = "bos_token eos_token unk_token sep_token pad_token cls_token mask_token".split(" ");
const READ: ReadonlySet<string> = new Set(
  (
    "add_bos_token add_eos_token add_prefix_space added_tokens_decoder additional_special_tokens " +
    "chat_template clean_up_tokenization_spaces extra_special_tokens legacy " +
    "split_special_tokens tokenizer_class"
  ).split(" "),
);
const CHANGES_NOTHING: ReadonlySet<string> = new Set(
  (
    "backend errors is_local local_files_only max_length model_input_names model_max_length " +
    "name_or_path padding_side processor_class sp_model_kwargs spaces_between_special_tokens " +
    "special_tokens_map_file stride truncation_side truncation_strategy use_default_system_prompt"
  ).split(" "),
);
/** Classes that use `tokenizer.json` unchanged. */
const FILE_CLASSES = ["PreTrainedTokenizer", "PythonBackend", "TokenizersBackend"];
const OWN_CLASSES = ["GPT2Tokenizer", "LlamaTokenizer", "Qwen2Tokenizer"];
/** The classes that transformers registers for model types. */
const OF_TYPE: Readonly<Record<string, string>> = {
  gpt2: "GPT2Tokenizer",
  mistral: "TokenizersBackend",
  qwen2: "Qwen2Tokenizer",
  qwen3: "Qwen2Tokenizer",
};
/** Model types whose files often name another class; transformers uses its own. */
const WRONG_CLASS = ["qwen2"];

/** The files of a tokenizer, as parsed JSON; those that a folder has not are absent. */
export interface TokenizerFiles {
  readonly "tokenizer.json": unknown;
  readonly "tokenizer_config.json"?: unknown;
  readonly "special_tokens_map.json"?: unknown;
  /** Of the model. */
  readonly "config.json"?: unknown;
}

/** What the settings say. */
export interface TokenizerSettings {
  readonly className: string | null;
  /** Special tokens by name; null where a token is turned off. */
  readonly named: ReadonlyMap<string, NamedToken | null>;
  /** Added tokens, in the order of their ids. */
  readonly added: readonly AddedToken[];
  /** Further special tokens. */
  readonly extra: readonly NamedToken[];
  readonly addsPrefixSpace: boolean;
}

/** A token with its options, or a text. */
export type NamedToken = AddedToken | string;

/** The text of a token. */
export function contentOf(token: NamedToken): string {
  return typeof token === "string" ? token : token.content;
}

/**
 * The settings of a folder.
 *
 * @throws LocalError (unsupported_model) one of them is not supported.
 */
export function readSettings(files: TokenizerFiles): TokenizerSettings {
  let given = fieldsOf(files["tokenizer_config.json"]);
  let added: readonly unknown[];
  if ("added_tokens_decoder" in given) {
    const byId = Object.entries(fieldsOf(given.added_tokens_decoder));
    added = byId.sort(([a], [b]) => Number(a) - Number(b)).map(([, token]) => token);
  } else {
    given = { ...given, ...olderMap(fieldsOf(files["special_tokens_map.json"])) };
    const byId = itemsOf(fieldsOf(files["tokenizer.json"]).added_tokens).map(fieldsOf);
    added = byId.toSorted((a, b) => Number(a.id) - Number(b.id));
  }
  const known = (name: string) =>
    SPECIAL.includes(name) || READ.has(name) || CHANGES_NOTHING.has(name);
  const unknown = Object.keys(given)
    .sort()
    .find((name) => !known(name));
  if (unknown !== undefined) throw unsupported("tokenizerSetting", unknown);
  if (given.split_special_tokens) throw unsupported("splitsSpecial");
  const extra = [given.extra_special_tokens, given.additional_special_tokens].find(isSomething);
  if (extra !== undefined && !Array.isArray(extra)) {
    throw unsupported("ownSpecial");
  }
  const named = SPECIAL.filter((name) => name in given);
  return {
    className: textOf(given.tokenizer_class),
    named: new Map(named.map((name) => [name, namedToken(given[name])])),
    added: added.map((each) => addedToken(fieldsOf(each))),
    extra: itemsOf(extra).flatMap((each) => namedToken(each) ?? []),
    addsPrefixSpace: Boolean(given.add_prefix_space),
  };
}

/** Whether Python would take a value for true. */
function isSomething(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Object.keys(fieldsOf(value)).length > 0;
}

/**
 * The special tokens by name, in order.
 *
 * @param defaults those of the tokenizer's class.
 */
export function specialTokens(
  settings: TokenizerSettings,
  defaults: Readonly<Record<string, string>>,
): Map<string, NamedToken> {
  const found = new Map<string, NamedToken>();
  for (const name of SPECIAL) {
    const stated = settings.named.get(name);
    const token = stated === undefined ? defaults[name] : stated;
    if (token !== undefined && token !== null) found.set(name, token);
  }
  return found;
}

/**
 * The class with which transformers reads a tokenizer, `TokenizersBackend` for those that use the
 * file unchanged.
 *
 * @throws LocalError (unsupported_model) it is not known here.
 */
export function tokenizerClass(files: TokenizerFiles, settings: TokenizerSettings): string {
  const config = fieldsOf(files["config.json"]);
  const modelType = textOf(config.model_type) ?? "";
  const stated = settings.className || textOf(config.tokenizer_class);
  const ofType = OF_TYPE[modelType];
  let named = stated?.replace(/Fast$/, "");
  if (named === undefined) return ofType ?? "TokenizersBackend";
  const described = fieldsOf(files["tokenizer.json"]);
  if (named === "LlamaTokenizer" && ofType === undefined && isByteLevel(described)) {
    return "TokenizersBackend";
  }
  if (ofType !== undefined && ofType !== named) {
    if (ofType === "TokenizersBackend") return ofType;
    if (WRONG_CLASS.includes(modelType)) named = ofType;
  }
  if (FILE_CLASSES.includes(named)) return "TokenizersBackend";
  if (!OWN_CLASSES.includes(named)) throw unsupported("tokenizerKind", named.slice(0, 80));
  return named;
}

function isByteLevel(described: Fields): boolean {
  const waiting: unknown[] = [described.pre_tokenizer, described.decoder];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const { type, pretokenizers, decoders } = fieldsOf(part);
    if (type === "ByteLevel") return true;
    waiting.push(...itemsOf(pretokenizers), ...itemsOf(decoders));
  }
  return false;
}

/** The special tokens of `special_tokens_map.json`, which older folders have. */
function olderMap(given: Fields): Fields {
  const unknown = Object.keys(given)
    .sort()
    .find((name) => !SPECIAL.includes(name));
  if (unknown !== undefined) throw unsupported("specialMap", unknown);
  return Object.fromEntries(
    Object.entries(given).map(([name, each]) => {
      const isText = typeof each === "string";
      return [name, isText ? each : { ...fieldsOf(each), special: true, __type: "AddedToken" }];
    }),
  );
}

/** An added token from its fields. */
export function addedToken(given: Fields): AddedToken {
  const special = given.special === true;
  return {
    content: textOf(given.content) ?? "",
    special,
    singleWord: given.single_word === true,
    lstrip: given.lstrip === true,
    rstrip: given.rstrip === true,
    normalized: given.normalized === undefined ? !special : given.normalized === true,
  };
}

/** A special token: a text, or an added token. */
function namedToken(given: unknown): NamedToken | null {
  if (given === null) return null;
  if (typeof given === "string") return given;
  const fields = fieldsOf(given);
  // biome-ignore lint/complexity/useLiteralKeys: the name of a field in a file.
  if (fields["__type"] === "AddedToken") return addedToken(fields);
  throw unsupported("specialToken", String(JSON.stringify(given)).slice(0, 80));
}
