import { describe, expect, test } from "vitest";
import { LANGUAGES } from "@/lib/i18n/language";
import germanTexts from "./definitions.de.json";
import englishTexts from "./definitions.en.json";
import { termFinder } from "./find-terms";
import type { Term } from "./terms";
import german from "./terms.de.json";
import english from "./terms.en.json";

const terms: Record<"en" | "de", readonly Term[]> = { en: english, de: german };
const find = { en: termFinder(english), de: termFinder(german) };
const found = (text: string, language: "en" | "de" = "en") =>
  find[language](text).map(({ id, start, end }) => `${id}: ${text.slice(start, end)}`);

test.each(LANGUAGES)("every term, and every form of it, is found as itself, %s", (language) => {
  for (const { id, term, forms = [] } of terms[language]) {
    for (const form of [term, ...forms]) {
      expect(find[language](form), form).toEqual([{ id, start: 0, end: form.length }]);
    }
  }
});

describe("terms in a text", () => {
  test("are whole words in any case, the longest first", () => {
    expect(found("Attention entropy of all heads, in nats; a header is none")).toEqual([
      "attention-entropy: Attention entropy",
      "head: heads",
      "nat: nats",
    ]);
  });

  test("may contain any white space", () => {
    expect(found("the residual\n  stream")).toEqual(["residual-stream: residual\n  stream"]);
  });

  test("are found in German, with umlauts and hyphens", () => {
    expect(found("Köpfe: die Attention-Entropie je Schicht, in Nat", "de")).toEqual([
      "head: Köpfe",
      "attention-entropy: Attention-Entropie",
      "layer: Schicht",
      "nat: Nat",
    ]);
  });

  test("are not found in what the model wrote", () => {
    expect(found("It expects “head”, then “layer”.")).toEqual([]);
    expect(found("Es erwartet „Kopf“, dann ein Token.", "de")).toEqual(["token: Token"]);
  });

  test("are left out where the word means something else", () => {
    expect(found("Arrow keys move from cell to cell")).toEqual([]);
  });
});

test("both languages have the same terms", () => {
  const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);
  expect(ids(german)).toEqual(ids(english));
  expect(new Set(ids(english)).size).toBe(english.length);
});

test.each([
  ["en", english, englishTexts],
  ["de", german, germanTexts],
])("every term has a definition, and every definition a term, %s", (_, terms, texts) => {
  expect(Object.keys(texts)).toEqual(terms.map(({ id }) => id));
});
