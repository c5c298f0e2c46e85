// @vitest-environment jsdom
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  legible,
  type PartKind,
  SPACE_MARKS,
  tableText,
  textParts,
  visible,
  xmlText,
} from "./characters";

/** The results of the Python implementation, `mav_engine/characters.py`. */
const shared = JSON.parse(readFileSync("../tests/characters.json", "utf8")) as {
  ranges: [first: number, last: number, kind: PartKind][];
  texts: [text: number[], parts: [PartKind, number[]][]][];
  cells: [text: number[], cell: string][];
};
const FAMILY = "👨\u200d👩\u200d👧";

test("every character is shown as in Python", () => {
  const others: string[] = [];
  for (const [first, last, kind] of shared.ranges) {
    for (let code = first; code <= last; code++) {
      const [part] = textParts(String.fromCodePoint(code));
      if (part?.kind !== kind) others.push(`${code.toString(16)} ${kind} ${part?.kind}`);
    }
  }
  expect(others).toEqual([]);
});

test("a text is split into the same parts as in Python", () => {
  for (const [units, parts] of shared.texts) {
    const text = String.fromCharCode(...units);
    const expected = parts.map(([kind, raw]) => [kind, String.fromCharCode(...raw)]);
    expect(textParts(text).map(({ kind, raw }) => [kind, raw])).toEqual(expected);
  }
});

test("a table cell is the same as in Python", () => {
  for (const [units, cell] of shared.cells) {
    expect(tableText(String.fromCharCode(...units))).toBe(cell);
  }
});

test.each([
  [" a", "␣a"],
  ["\r\n\t", "←⏎⇥"],
  ["\u00a0\u3000", "⍽␣"],
  ["\u200d", "U+200D"],
  ["\u202egnp.exe", "U+202Egnp.exe"],
  ["\u0301", "◌\u0301 U+0301"],
  [FAMILY, FAMILY],
  [`${FAMILY}\u200d`, `${FAMILY}U+200D`],
  [" السلام", "\u2068␣السلام\u2069"],
])("%j is shown as %s", (label, shown) => {
  expect(visible(label)).toBe(shown);
});

test("a joiner at the end of a text joins its neighbours", () => {
  const kinds = (before: string, after: string) =>
    textParts("\u200d", { before, after }).map(({ kind }) => kind);
  expect(kinds("👨", "👩")).toEqual(["text"]);
  expect(kinds("👨", "")).toEqual(["code"]);
  expect(kinds(" ", "👩")).toEqual(["code"]);
  expect(textParts("\u0301", { before: "e" })[0]?.kind).toBe("text");
});

test("legible keeps spaces and replaces invisible characters", () => {
  expect(legible("a\u00a0b\n\u202ec")).toBe("a\u00a0b\nU+202Ec");
  expect(Object.keys(SPACE_MARKS)).toContain("\r");
});

test("invalid characters of XML are replaced by their code points", () => {
  const bad = "\0\x08\f\x1b\ufffe\uffff\ud800";
  const xml = xmlText(`<a b="${bad}">\t\n${bad} 👨 \x85</a>`);
  const parsed = new DOMParser().parseFromString(xml, "application/xml");
  expect(parsed.querySelector("parsererror")).toBeNull();
  expect(parsed.documentElement.textContent).toBe(
    "\t\nU+0000U+0008U+000CU+001BU+FFFEU+FFFFU+D800 👨 \x85",
  );
});
