import { expect, test } from "vitest";
import { texts as german } from "./words.de";
import { texts as english } from "./words.en";

/** Arguments that can be recognised in a text. */
const SAMPLES = [7, 31, 53, 71, 97, 113];

type Text = (...values: unknown[]) => string;
const all = ({ details, absent, ofSide }: typeof english): Record<string, unknown> => ({
  ...details,
  ...absent,
  ofSide,
});

/** The arguments of texts that are looked up: what a value should be, or a part of a tokenizer. */
const CHOICES: Readonly<Record<string, readonly unknown[][]>> = {
  wrongSetting: (
    "boolean integer number array object string oneOf least above most fewestItems mostItems " +
    "fewestCharacters mostCharacters"
  )
    .split(" ")
    .map((kind) => [7, 31, kind, 53]),
  tokenizerPart: ["normalizer", "decoder", "pre-tokenizer", "post-processor"].map((part) => [
    part,
    31,
  ]),
};

test.each(Object.keys(all(english)))("%s says the same in both languages", (name) => {
  const [one, other] = [english, german].map((texts) => all(texts)[name] as Text);
  for (const values of CHOICES[name] ?? [SAMPLES]) {
    const [here, there] = [one?.(...values) ?? "", other?.(...values) ?? ""];
    expect(there).not.toContain("undefined");
    expect(there).not.toBe(here);
    const numbers = (text: string) => new Set(text.match(/\d+/g));
    expect(numbers(there)).toEqual(numbers(here));
  }
});

test("every error has a title in both languages", () => {
  for (const [code, title] of Object.entries(english.titles)) {
    expect(german.titles[code as keyof typeof german.titles]).not.toBe(title);
  }
});
