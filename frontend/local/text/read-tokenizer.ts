/**
 * Reads byte-level BPE tokenizers from a model's files, as `mav_engine/backends/native/tokenizer.py`
 * reads them. Others are refused by name.
 */

import { unsupported } from "../errors";
import { type AddedToken, AddedTokens } from "./added-tokens";
import { STAND_INS } from "./byte-level";
import { type Fields, fieldsOf, itemsOf, textOf } from "./json";
import { type Ends, type Split, Tokenizer, type TokenizerDescription } from "./tokenizer";
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
import { WORDS, wordPattern } from "./word-patterns";

const END_OF_TEXT = "<|endoftext|>";

/** How a text becomes words. */
type Pipeline = Pick<TokenizerDescription, "isComposed" | "splits">;

/**
 * The tokenizer of a model's files.
 *
 * @throws LocalError (unsupported_model) it is not a byte-level BPE, or has a setting that is not supported.
 */
export function describeTokenizer(files: TokenizerFiles): TokenizerDescription {
  const described = fieldsOf(files["tokenizer.json"]);
  const settings = readSettings(files);
  const kind = tokenizerClass(files, settings);
  if (isGiven(described.padding)) throw unsupported("tokenizerFileHas", "padding");
  const { model, vocabulary, merges } = modelOf(described);
  const own = kind === "TokenizersBackend" ? null : ownClass(kind, settings);
  const pipeline = own ?? pipelineOf(described);
  const added = new AddedTokens(new Map(Object.entries(vocabulary)), pipeline.isComposed);
  if (!own) added.add(itemsOf(described.added_tokens).map((each) => addedToken(fieldsOf(each))));
  const special = specialTokens(settings, own?.defaults ?? {});
  addTokens(added, settings, [...special.values()]);
  if (kind === "Qwen2Tokenizer") {
    const texts = new Set([...special.values(), ...settings.extra].map(contentOf));
    added.add([...texts].map(specialToken));
  }
  const ignoresMerges = !own && model.ignore_merges === true;
  const description: TokenizerDescription = {
    vocabulary,
    merges,
    ignoresMerges,
    isComposed: pipeline.isComposed,
    splits: pipeline.splits,
    added: [...added.byId],
    special: Object.fromEntries([...special].map(([name, token]) => [name, contentOf(token)])),
    ends: endsOf(described.post_processor),
  };
  const tokenizer = new Tokenizer(description);
  const specials = [...added.byId.values()].filter((token) => token.special);
  const hasTokens = tokenizer.size > specials.length && tokenizer.encode("a b", false).length > 0;
  if (!hasTokens) throw unsupported("noTokens");
  return description;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

interface Model {
  readonly model: Fields;
  readonly vocabulary: Readonly<Record<string, number>>;
  readonly merges: readonly (readonly [string, string])[];
}

function modelOf(described: Fields): Model {
  const model = fieldsOf(described.model);
  if (model.type !== "BPE") {
    throw unsupported("tokenizerKind", textOf(model.type) ?? "?");
  }
  if (!Array.isArray(model.merges)) throw unsupported("tokenizerLacks", "merges");
  for (const name of ["dropout", "continuing_subword_prefix", "end_of_word_suffix"]) {
    if (model[name]) throw unsupported("tokenizerHas", name);
  }
  if (model.byte_fallback === true) throw unsupported("byteFallback");
  const vocabulary = Object.fromEntries(
    Object.entries(fieldsOf(model.vocab)).map(([piece, id]) => [piece, Number(id)]),
  );
  // Without an unknown token, a byte that is no token is left out.
  if (isGiven(model.unk_token) && STAND_INS.some((each) => !Object.hasOwn(vocabulary, each))) {
    throw unsupported("missingBytes");
  }
  const merges = model.merges.map((each: unknown): readonly [string, string] => {
    const [left, right] = typeof each === "string" ? each.split(" ") : itemsOf(each);
    return [textOf(left) ?? "", textOf(right) ?? ""];
  });
  return { model, vocabulary, merges };
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
      isComposed: false,
      splits: byteLevel(prefix, true),
      defaults: named("unk_token bos_token eos_token"),
    };
  }
  if (kind === "Qwen2Tokenizer") {
    return {
      isComposed: true,
      splits: [{ pattern: WORDS.qwen2 }, ...byteLevel(prefix, false)],
      defaults: named("unk_token eos_token pad_token"),
    };
  }
  throw unsupported("noBytes", kind);
}

/** The pre-tokenizer of byte-level BPE. */
function byteLevel(addsPrefixSpace: boolean, usesPattern: boolean): Split[] {
  return [
    ...(addsPrefixSpace ? ["prefix" as const] : []),
    ...(usesPattern ? [{ pattern: WORDS.gpt2 }] : []),
  ];
}

/** The pipeline of tokenizer.json. */
function pipelineOf(described: Fields): Pipeline {
  const normalizers = partsOf(described.normalizer, "normalizers");
  for (const { type } of normalizers) {
    if (type !== "NFC") throw unsupported("tokenizerPart", "normalizer", String(type));
  }
  const decoders = partsOf(described.decoder, "decoders").map(({ type }) => type);
  if (decoders.join() !== "ByteLevel") {
    throw decoders.length > 0
      ? unsupported("tokenizerPart", "decoder", decoders.join(", "))
      : unsupported("wordDecoder");
  }
  const parts = partsOf(described.pre_tokenizer, "pretokenizers");
  if (parts.at(-1)?.type !== "ByteLevel") throw unsupported("noBytes", "");
  return {
    isComposed: normalizers.length > 0,
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
    return [{ pattern: part.individual_digits === true ? WORDS.digit : WORDS.number }];
  }
  if (part.type !== "Split") throw unsupported("tokenizerPart", "pre-tokenizer", String(part.type));
  const source = textOf(fieldsOf(part.pattern).Regex);
  const pattern = source === null ? null : wordPattern(source);
  if (!pattern || part.behavior !== "Isolated" || part.invert === true) {
    throw unsupported("otherWords", String(JSON.stringify(part.pattern)).slice(0, 80));
  }
  return [{ pattern }];
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
      throw unsupported("tokenizerPart", "post-processor", String(part.type));
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

/** @throws LocalError (unsupported_model) */
export const readTokenizer = (files: TokenizerFiles): Tokenizer =>
  new Tokenizer(describeTokenizer(files));
