import { readFileSync } from "node:fs";
import type { RunSettings } from "@/lib/contract";
import { golden } from "../goldens.fixture";
import { fieldsOf } from "./json";
import { readTokenizer } from "./read-tokenizer";
import type { TokenizerFiles } from "./tokenizer-settings";
import { Vocabulary } from "./vocabulary";

type Changes = Readonly<Record<string, unknown>>;
type Hit = readonly [string, number, string | null];

interface TextGolden {
  /** Code points at which each class begins and ends. */
  readonly classes: Readonly<Record<"letter" | "number" | "white_space", readonly number[]>>;
  readonly strings: readonly string[];
  /** Of the embedded tokenizer, with special tokens. */
  readonly ids: readonly (readonly number[])[];
  /** Places of fewer strings. */
  readonly some: readonly number[];
  readonly tokenizers: Readonly<
    Record<
      string,
      {
        readonly files: Changes;
        readonly size: number;
        readonly eos: number | null;
        readonly special: Readonly<Record<string, number>>;
        readonly white_space: readonly number[];
        readonly labels: string;
        readonly last_labels: readonly string[];
        /** Of the strings at `some`. */
        readonly ids: readonly (readonly number[])[];
      }
    >
  >;
  readonly refused: Readonly<Record<string, Changes>>;
  /** By pattern, the words of the strings at `some`. */
  readonly words: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** Ids of single bytes, and the texts that they add, joined by lines. */
  readonly bytes: readonly (readonly [readonly number[], string])[];
  readonly stops: readonly {
    readonly stop: readonly string[];
    readonly special: string;
    /** What a token adds, its own text if it is special, and what is shown. */
    readonly tokens: readonly (readonly [string, string, string])[];
    readonly hit: boolean;
  }[];
  readonly sequences: readonly {
    readonly tokenizer: string;
    readonly prompt: readonly number[];
    readonly ids: readonly number[];
    readonly streamed: readonly string[];
    readonly rest: string;
    readonly decoded: string;
    readonly refs: readonly string[];
    readonly run: {
      readonly stop: readonly string[];
      readonly breakpoints: Partial<RunSettings["breakpoints"]>;
      readonly written: readonly number[];
      readonly before: string;
      readonly rule: {
        readonly stop_ids: readonly number[];
        readonly eos_ids: readonly number[];
        readonly limit: number;
        readonly forced: readonly number[];
      };
      readonly cancelled: number;
      readonly tokens: readonly (readonly [string, string | null, readonly Hit[]])[];
    };
  }[];
}

export const TEXT: TextGolden = golden<TextGolden>("text");

const FOLDER = "../mav_engine/models/mav-tiny";

/** The files of the embedded tokenizer with changes, as `files_of` in `tests/goldens/text.py`. */
export function filesOf(changes: Changes): TokenizerFiles {
  const read = (name: string): unknown => JSON.parse(readFileSync(`${FOLDER}/${name}`, "utf8"));
  const files: Record<string, unknown> = {
    "tokenizer_config.json": read("tokenizer_config.json"),
  };
  const own = fieldsOf(read("tokenizer.json"));
  for (const [name, fields] of Object.entries({ "tokenizer.json": {}, ...changes })) {
    const base = name === "tokenizer.json" ? own : fieldsOf(files[name]);
    const model = { ...fieldsOf(base.model), ...fieldsOf(fieldsOf(fields).model) };
    files[name] = { ...base, ...fieldsOf(fields), ...(name === "tokenizer.json" && { model }) };
  }
  return { "tokenizer.json": own, ...files };
}

/** The vocabulary of one of the tokenizers. */
export function vocabularyOf(name: string): Vocabulary {
  return new Vocabulary(readTokenizer(filesOf(TEXT.tokenizers[name]?.files ?? {})));
}

/** The text of these ids, without special tokens; ids without a token add nothing. */
export function decoded(vocabulary: Vocabulary, ids: readonly number[]): string {
  const stream = vocabulary.stream();
  return ids.map((id) => stream.push(id)).join("") + stream.rest();
}
