import { describe, expect, test } from "vitest";
import { StopMatcher } from "./stop-matcher";
import { decoded, TEXT, vocabularyOf } from "./text.fixture";
import { TextStream } from "./text-stream";

const VOCABULARIES = new Map(
  ["embedded", "llama3", "qwen2"].map((name) => [name, vocabularyOf(name)]),
);

describe("sequences of ids have the texts of the engine in Python", () => {
  test("there are 300", () => expect(TEXT.sequences).toHaveLength(300));

  test.each(TEXT.sequences)("$tokenizer $ids", (wanted) => {
    const vocabulary = VOCABULARIES.get(wanted.tokenizer) ?? vocabularyOf(wanted.tokenizer);
    const stream = new TextStream(vocabulary, wanted.prompt);
    const streamed = wanted.ids.map((id) => stream.push(id));
    expect([...streamed, stream.rest()]).toEqual([...wanted.streamed, wanted.rest]);
    const all = [...wanted.prompt, ...wanted.ids];
    expect(decoded(vocabulary, all)).toBe(wanted.decoded);
    expect(vocabulary.tokenRefs(all)).toEqual(
      all.map((id, place) => ({ id, text: wanted.refs[place] })),
    );
  });
});

test("a text stream ends with all of its text", () => {
  const vocabulary = vocabularyOf("embedded");
  const [first = 0, second = 0] = vocabulary.encode("😀", false);
  const stream = new TextStream(vocabulary, []);
  expect([stream.push(first), stream.push(second, true)]).toEqual(["", "\ufffd"]);
});

test("characters are given when no byte can change them", () => {
  const vocabulary = vocabularyOf("embedded");
  const decoded = TEXT.bytes.map(([ids]) => {
    const stream = vocabulary.stream();
    return [ids, [...ids.map((id) => stream.push(id)), stream.rest()].join("|")];
  });
  expect(decoded).toEqual(TEXT.bytes);
});

describe("stop strings", () => {
  test.each(TEXT.stops)("$stop", ({ stop, special, tokens, hit }) => {
    const stops = new StopMatcher(stop, [special]);
    const shown = tokens.map(([added, own], place) => [
      added,
      own,
      stops.push(added, own, place === 11),
    ]);
    expect(shown).toEqual(tokens);
    expect(stops.hit).toBe(hit);
  });

  test("one that begins in the middle of a token", () => {
    const stops = new StopMatcher(["lo wo"]);
    expect([stops.push("hel"), stops.push("lo"), stops.push(" world")]).toEqual(["he", "l", ""]);
    expect(stops.hit).toBe(true);
  });

  test("what only began like one is returned", () => {
    const stops = new StopMatcher(["aab"]);
    expect([stops.push("aa"), stops.push("aac"), stops.push("a", "", true)]).toEqual([
      "",
      "aaaac",
      "a",
    ]);
  });

  test("one that begins within what only began like it", () => {
    const stops = new StopMatcher(["aabaaac"]);
    expect(stops.push("aabaaab") + stops.push("aaac")).toBe("aaba");
    expect(stops.hit).toBe(true);
  });

  test("one that mixes a special token with other text", () => {
    const stops = new StopMatcher(["x<|end|>\n"], ["<|end|>"]);
    expect([stops.push("yx"), stops.push("", "<|end|>"), stops.push("\nz")]).toEqual(["y", "", ""]);
    expect(stops.hit).toBe(true);
  });
});
