/**
 * Byte-level BPE tokenizers, read from a model's files as `mav_engine/backends/native/tokenizer.py`
 * reads them. Others are refused by name.
 */

import { type AddedToken, AddedTokens } from "./added-tokens";
import { STAND_INS } from "./byte-level";
import { BytePairs } from "./byte-pairs";
import { type Fields, fieldsOf, itemsOf, textOf } from "./json";
import {
  addedToken,
  contentOf,
  type NamedToken,
  readSettings,
  specialTokens,
  type TokenizerFiles,
  type TokenizerSettings,
  tokenizerClass,
} from "./tokenizer-settings";
import { unsupported } from "./unsupported";
import { DIGIT, GPT2_WORDS, NUMBER, QWEN2_WORDS, splitBy, wordPattern } from "./word-patterns";

const END_OF_TEXT = "<|endoftext|>";

/** Splits a text into smaller ones. */
type Split = (text: string) => readonly string[];

/** How a text becomes words, and what is added to its ids. */
interface Pipeline {
  readonly normalize: (text: string) => string;
  /** Applied one after the other, each to all parts. */
  readonly splits: readonly Split[];
}

/** A tokenizer of byte-level BPE. */
export class Tokenizer {
  /** Special tokens by their names, such as eos_token. */
  readonly specialTokens: ReadonlyMap<string, string>;
  readonly #vocabulary: ReadonlyMap<string, number>;
  readonly #added: AddedTokens;
  readonly #pairs: BytePairs;
  readonly #splits: readonly Split[];
  readonly #ends: Ends;
  readonly #pieces = new Map<number, string>();

  constructor(
    vocabulary: ReadonlyMap<string, number>,
    added: AddedTokens,
    pairs: BytePairs,
    splits: readonly Split[],
    ends: Ends,
    special: ReadonlyMap<string, string>,
  ) {
    this.#vocabulary = vocabulary;
    this.#added = added;
    this.#pairs = pairs;
    this.#splits = splits;
    this.#ends = ends;
    this.specialTokens = special;
    for (const [piece, id] of vocabulary) this.#pieces.set(id, piece);
  }

  /** Number of tokens, added ones included. */
  get size(): number {
    const own = this.#vocabulary;
    const added = [...this.#added.byId.values()].filter(({ content }) => !own.has(content));
    return own.size + added.length;
  }

  /** Added tokens by id. */
  get addedTokens(): ReadonlyMap<number, AddedToken> {
    return this.#added.byId;
  }

  /** The id of the token that ends a text; null if the settings name none. */
  get eosTokenId(): number | null {
    const eos = this.specialTokens.get("eos_token");
    return eos === undefined ? null : (this.idOf(eos) ?? null);
  }

  idOf(content: string): number | undefined {
    return this.#added.idOf(content);
  }

  /** A token as it stands in the vocabulary; null for an id without a token. */
  piece(tokenId: number): string | null {
    return this.#added.pieceOf(tokenId) ?? this.#pieces.get(tokenId) ?? null;
  }

  /** Token ids of a text; `special` adds the special tokens that the model expects. */
  encode(text: string, special: boolean): number[] {
    const ids = this.#added.split(text).flatMap((part) => {
      if (typeof part === "number") return [part];
      let words: readonly string[] = [part];
      for (const split of this.#splits) words = words.flatMap(split);
      return words.flatMap((word) => this.#pairs.encode(word));
    });
    return special ? [...this.#ends.before, ...ids, ...this.#ends.after] : ids;
  }
}

/** The ids that are added to a text. */
interface Ends {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * The tokenizer of a model's files.
 *
 * @throws UnusableModel it is not a byte-level BPE, or has a setting that is not supported.
 */
export function readTokenizer(files: TokenizerFiles): Tokenizer {
  const described = fieldsOf(files["tokenizer.json"]);
  const settings = readSettings(files);
  const kind = tokenizerClass(files, settings);
  if (isGiven(described.padding)) throw unsupported("its tokenizer.json has padding");
  const { model, vocabulary, merges } = modelOf(described);
  const own = kind === "TokenizersBackend" ? null : ownClass(kind, settings);
  const pipeline = own ?? pipelineOf(described);
  const added = new AddedTokens(vocabulary, pipeline.normalize);
  if (!own) added.add(itemsOf(described.added_tokens).map((each) => addedToken(fieldsOf(each))));
  const special = specialTokens(settings, own?.defaults ?? {});
  addTokens(added, settings, [...special.values()]);
  if (kind === "Qwen2Tokenizer") {
    const texts = new Set([...special.values(), ...settings.extra].map(contentOf));
    added.add([...texts].map(specialToken));
  }
  const ignoresMerges = !own && model.ignore_merges === true;
  const tokenizer = new Tokenizer(
    vocabulary,
    added,
    pairsOf(vocabulary, merges, ignoresMerges),
    pipeline.splits,
    endsOf(described.post_processor),
    new Map([...special].map(([name, token]) => [name, contentOf(token)])),
  );
  const specials = [...added.byId.values()].filter((token) => token.special);
  const hasTokens = tokenizer.size > specials.length && tokenizer.encode("a b", false).length > 0;
  if (!hasTokens) throw unsupported("its tokenizer has no tokens");
  return tokenizer;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

interface Model {
  readonly model: Fields;
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly merges: readonly (readonly [string, string])[];
}

function modelOf(described: Fields): Model {
  const model = fieldsOf(described.model);
  if (model.type !== "BPE") {
    throw unsupported(`its tokenizer is a ${textOf(model.type) ?? "file without a model"}`);
  }
  if (!Array.isArray(model.merges)) throw unsupported("its tokenizer.json has no merges");
  for (const name of ["dropout", "continuing_subword_prefix", "end_of_word_suffix"]) {
    if (model[name]) throw unsupported(`its tokenizer has ${name}`);
  }
  if (model.byte_fallback === true) throw unsupported("its tokenizer falls back to bytes");
  const vocabulary = new Map<string, number>();
  for (const [piece, id] of Object.entries(fieldsOf(model.vocab))) {
    vocabulary.set(piece, Number(id));
  }
  // Without an unknown token, a byte that is no token is left out.
  if (isGiven(model.unk_token) && STAND_INS.some((each) => !vocabulary.has(each))) {
    throw unsupported("its tokenizer does not have a token for each byte");
  }
  const merges = model.merges.map((each: unknown): readonly [string, string] => {
    const [left, right] = typeof each === "string" ? each.split(" ") : itemsOf(each);
    return [textOf(left) ?? "", textOf(right) ?? ""];
  });
  return { model, vocabulary, merges };
}

function pairsOf(
  vocabulary: ReadonlyMap<string, number>,
  merges: readonly (readonly [string, string])[],
  ignoresMerges: boolean,
): BytePairs {
  try {
    return new BytePairs(vocabulary, merges, ignoresMerges);
  } catch (error) {
    throw unsupported(`its tokenizer is broken: ${error instanceof Error ? error.message : error}`);
  }
}

interface OwnClass extends Pipeline {
  /** The default special tokens. */
  readonly defaults: Readonly<Record<string, string>>;
}

/** The classes that have their own pipeline. */
function ownClass(kind: string, settings: TokenizerSettings): OwnClass {
  const prefix = settings.addsPrefixSpace;
  const named = (names: string) =>
    Object.fromEntries(names.split(" ").map((name) => [name, END_OF_TEXT]));
  if (kind === "GPT2Tokenizer") {
    return {
      normalize: unchanged,
      splits: byteLevel(prefix, true),
      defaults: named("unk_token bos_token eos_token"),
    };
  }
  if (kind === "Qwen2Tokenizer") {
    return {
      normalize: composed,
      splits: [(text) => splitBy(text, QWEN2_WORDS), ...byteLevel(prefix, false)],
      defaults: named("unk_token eos_token pad_token"),
    };
  }
  throw unsupported(`its tokenizer is a ${kind}, which has no byte-level tokens`);
}

const unchanged = (text: string) => text;
const composed = (text: string) => text.normalize("NFC");

/** The pre-tokenizer of byte-level BPE. */
function byteLevel(addsPrefixSpace: boolean, usesPattern: boolean): Split[] {
  const prefixed: Split = (text) => [text.startsWith(" ") ? text : ` ${text}`];
  const words: Split = (text) => splitBy(text, GPT2_WORDS);
  return [...(addsPrefixSpace ? [prefixed] : []), ...(usesPattern ? [words] : [])];
}

/** The pipeline of tokenizer.json. */
function pipelineOf(described: Fields): Pipeline {
  const normalizers = partsOf(described.normalizer, "normalizers");
  for (const { type } of normalizers) {
    if (type !== "NFC") throw unsupported(`its tokenizer has the normalizer ${type}`);
  }
  const decoders = partsOf(described.decoder, "decoders").map(({ type }) => type);
  if (decoders.join() !== "ByteLevel") {
    throw unsupported(`its tokenizer has the decoder ${decoders.join(", ") || "of words"}`);
  }
  const parts = partsOf(described.pre_tokenizer, "pretokenizers");
  if (parts.at(-1)?.type !== "ByteLevel")
    throw unsupported("its tokenizer has no byte-level tokens");
  return {
    normalize: normalizers.length > 0 ? composed : unchanged,
    splits: parts.flatMap(splitsOf),
  };
}

/** The parts of a normalizer, pre-tokenizer, decoder or post-processor. */
function partsOf(described: unknown, list: string): Fields[] {
  if (!isGiven(described)) return [];
  const part = fieldsOf(described);
  if (part.type !== "Sequence") return [part];
  return itemsOf(part[list]).flatMap((each) => partsOf(each, list));
}

function splitsOf(part: Fields): Split[] {
  if (part.type === "ByteLevel") {
    return byteLevel(part.add_prefix_space === true, part.use_regex !== false);
  }
  if (part.type === "Digits") {
    return [(text) => splitBy(text, part.individual_digits === true ? DIGIT : NUMBER)];
  }
  if (part.type !== "Split") throw unsupported(`its tokenizer has the pre-tokenizer ${part.type}`);
  const source = textOf(fieldsOf(part.pattern).Regex);
  const pattern = source === null ? null : wordPattern(source);
  if (!pattern || part.behavior !== "Isolated" || part.invert === true) {
    throw unsupported(`its tokenizer splits words by ${JSON.stringify(part.pattern).slice(0, 80)}`);
  }
  return [(text) => splitBy(text, pattern)];
}

/** Add the tokens of the settings, and special tokens that there are not yet. */
function addTokens(
  tokenizer: AddedTokens,
  settings: TokenizerSettings,
  special: readonly NamedToken[],
): void {
  const adding: NamedToken[] = [...settings.added];
  const known = new Set([...tokenizer.byId.values(), ...adding].map(contentOf));
  for (const token of [...special, ...settings.extra]) {
    if (!known.has(contentOf(token)) && !adding.includes(token)) adding.push(token);
  }
  const names = new Set(special.map(contentOf));
  tokenizer.add(
    adding.map((each) => {
      const token = typeof each === "string" ? specialToken(each) : each;
      return names.has(token.content) ? { ...token, special: true } : token;
    }),
  );
}

function specialToken(content: string): AddedToken {
  return addedToken({ content, special: true });
}

/** The ids that a post-processor adds. */
function endsOf(described: unknown): Ends {
  let ends: Ends = { before: [], after: [] };
  for (const part of partsOf(described, "processors")) {
    if (part.type === "ByteLevel") continue;
    if (part.type !== "TemplateProcessing") {
      throw unsupported(`its tokenizer has the post-processor ${part.type}`);
    }
    const pieces = itemsOf(part.single).map(fieldsOf);
    const text = pieces.findIndex((piece) => "Sequence" in piece);
    const idsOf = (some: readonly Fields[]) =>
      some.flatMap((piece) => {
        const name = textOf(fieldsOf(piece.SpecialToken).id) ?? "";
        return itemsOf(fieldsOf(fieldsOf(part.special_tokens)[name]).ids).map(Number);
      });
    ends = {
      before: [...idsOf(pieces.slice(0, text)), ...ends.before],
      after: [...ends.after, ...idsOf(pieces.slice(text + 1))],
    };
  }
  return ends;
}
