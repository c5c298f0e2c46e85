import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { errorOf } from "../goldens.fixture";
import { describeTokenizer, readTokenizer } from "./read-tokenizer";
import { asTheLibrary, splitBy } from "./split-words";
import { decoded, filesOf, TEXT, vocabularyOf } from "./text.fixture";
import { Tokenizer } from "./tokenizer";
import { Vocabulary } from "./vocabulary";
import { wordPattern } from "./word-patterns";

const escaped = (text: string) =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

test("1,000 odd strings have the ids of the tokenizers library", () => {
  const vocabulary = vocabularyOf("embedded");
  expect(TEXT.strings.length).toBeGreaterThanOrEqual(1000);
  const wrong = TEXT.strings.filter((text, place) => {
    const ids = vocabulary.encode(text, true);
    return ids.join() !== TEXT.ids[place]?.join();
  });
  expect(wrong).toEqual([]);
});

describe("tokenizers with the settings of published models", () => {
  test.each(Object.entries(TEXT.tokenizers))("%s", (_, wanted) => {
    const description = describeTokenizer(filesOf(wanted.files));
    // A site has them as JSON.
    const tokenizer = new Tokenizer(JSON.parse(JSON.stringify(description)));
    const vocabulary = new Vocabulary(tokenizer);
    expect(tokenizer.size).toBe(wanted.size);
    const eos = description.special.eos_token;
    expect(eos === undefined ? null : tokenizer.idOf(eos)).toBe(wanted.eos);
    expect(Object.fromEntries(vocabulary.special)).toEqual(wanted.special);
    expect(vocabulary.whiteSpace).toEqual(wanted.white_space);
    const labels = Array.from({ length: wanted.size + 5 }, (_, id) => vocabulary.label(id));
    expect(labels.slice(4090)).toEqual(wanted.last_labels);
    const written = `[${labels.map(escaped).join(", ")}]`;
    expect(createHash("sha256").update(written).digest("hex")).toBe(wanted.labels);
    TEXT.some.forEach((place, at) => {
      const text = TEXT.strings[place] ?? "";
      expect([text, vocabulary.encode(text, place % 2 === 0)]).toEqual([text, wanted.ids[at]]);
    });
  });
});

describe("other tokenizers are refused by name", () => {
  const others: [string, Record<string, unknown>][] = [
    ["a WordPiece", { model: { type: "WordPiece" } }],
    ["no merges", { model: { merges: null } }],
    ["dropout", { model: { dropout: 0.1 } }],
    ["falls back to bytes", { model: { byte_fallback: true } }],
    ["a token for each byte", { model: { unk_token: "<unk>", vocab: { "<unk>": 0 } } }],
    ["is broken: the merge of h and e", { model: { vocab: { h: 0 } } }],
    ["the normalizer Lowercase", { normalizer: { type: "Lowercase" } }],
    ["the decoder Metaspace", { decoder: { type: "Metaspace" } }],
    ["the decoder of words", { decoder: null }],
    ["no byte-level tokens", { pre_tokenizer: { type: "Whitespace" } }],
    [
      "the pre-tokenizer Punctuation",
      { pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Punctuation" }, BYTES()] } },
    ],
    [
      "splits words by",
      {
        pre_tokenizer: {
          type: "Sequence",
          pretokenizers: [{ type: "Split", pattern: { Regex: "\\w" } }, BYTES()],
        },
      },
    ],
    ["the post-processor BertProcessing", { post_processor: { type: "BertProcessing" } }],
  ];
  const cases = [
    ...Object.entries(TEXT.refused),
    ...others.map(([reason, fields]) => [reason, { "tokenizer.json": fields }] as const),
    [
      "a LlamaTokenizer",
      {
        "tokenizer_config.json": { tokenizer_class: "LlamaTokenizer" },
        "config.json": { model_type: "gpt2" },
      },
    ] as const,
  ];

  test.each(cases)("%s", (reason, changes) => {
    const read = () => readTokenizer(filesOf(changes));
    expect(errorOf(read)).toContain(reason);
  });

  function BYTES() {
    return { type: "ByteLevel", add_prefix_space: false, use_regex: true };
  }
});

describe("words are those of the tokenizers library", () => {
  test.each(Object.entries(TEXT.words))("%s", (source, wanted) => {
    const pattern = wordPattern(source);
    const some = TEXT.some.map((place) => TEXT.strings[place] ?? "");
    expect(some.map((text) => splitBy(text, new RegExp(pattern ?? "", "gu")))).toEqual(wanted);
  });
});

test("letters, numbers and white space are those of the tokenizers library", () => {
  const classes = { letter: /^\p{L}$/u, number: /^\p{N}$/u, white_space: /^\p{White_Space}$/u };
  for (const [name, pattern] of Object.entries(classes)) {
    const changes: number[] = [];
    let inside = false;
    for (let code = 0; code < 0x110000; code++) {
      const known = pattern.test(asTheLibrary(String.fromCodePoint(code)));
      if (known !== inside) changes.push(code);
      inside = known;
    }
    expect(changes).toEqual(TEXT.classes[name as keyof typeof classes]);
  }
});

// Comparing all pairs after each merge would take minutes.
test("a long word is encoded within the time of a test", () => {
  const vocabulary = vocabularyOf("embedded");
  const word = "abcdefghijklmnopqrstuvwxyz".repeat(4000);
  const ids = vocabulary.encode(word, false);
  expect(decoded(vocabulary, ids)).toBe(word);
});
