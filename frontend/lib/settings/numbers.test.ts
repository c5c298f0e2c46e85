import { describe, expect, test } from "vitest";
import openapi from "@/lib/contract/openapi.json";
import { fromQuery, toParameters, toQuery } from "./address";
import { settingFields } from "./fields";
import { initialValues, problemOf, toRequest } from "./form-values";
import { parseNumber } from "./numbers";
import { lineOf, linesOf } from "./text-lines";

const fields = settingFields(openapi);
const field = (name: string) => {
  const found = fields.find((each) => each.name === name);
  if (!found) throw new Error(`no field ${name}`);
  return found;
};
const filled = (values: Record<string, string>) => ({ ...initialValues(fields), ...values });

describe("numbers as people write them", () => {
  test.each([
    ["0,8", 0.8],
    ["0.8", 0.8],
    [",5", 0.5],
    [".5", 0.5],
    ["1,", 1],
    [" 2 ", 2],
    ["-0,5", -0.5],
    ["\u22121", -1],
    ["1e-3", 0.001],
    ["０．８", 0.8],
    ["0,125", 0.125],
  ])("%s is %d", (written, number) => {
    expect(parseNumber(written)).toBe(number);
  });

  test.each([
    "1,000.5",
    "1.000,5",
    "1,000,000",
    "1.000.000",
    "1 000",
    "1'000.5",
    "1\u00a0000,5",
    "0,8,1",
  ])("%s is ambiguous", (written) => {
    expect(parseNumber(written)).toBe("ambiguous");
  });

  test.each(["", "warm", "0x10", "1,5a", "Infinity", "NaN", "1e", "--1", "."])(
    "%s is no number",
    (written) => {
      expect(parseNumber(written)).toBe("number");
    },
  );

  test("a comma before three digits is a decimal comma if thousands are out of range", () => {
    expect(problemOf(field("top_p"), "0,125")).toBeNull();
    expect(parseNumber("1,125", field("temperature"))).toBe(1.125);
    expect(problemOf(field("max_new_tokens"), "1,000")).toContain("separators");
    expect(problemOf(field("max_new_tokens"), "1.000")).toContain("separators");
    expect(problemOf(field("max_new_tokens"), "10,5")).toContain("whole");
  });

  test("are sent and linked in JSON notation", () => {
    const values = filled({ prompt: "Once", temperature: "0,8", breakpoints_entropy_above: "2,5" });
    expect(toRequest(fields, values)).toMatchObject({
      temperature: 0.8,
      breakpoints: { entropy_above: 2.5 },
    });
    const query = new URLSearchParams(toQuery(fields, values));
    expect(query.get("temperature")).toBe("0.8");
    expect(JSON.parse(query.get("breakpoints") ?? "")).toEqual({ entropy_above: 2.5 });
    expect(toQuery(fields, filled({ temperature: "0,0" }))).toBe("");
  });
});

describe("lists in a link", () => {
  const TEXTS = [
    " there, w",
    "a,b",
    ",",
    " ",
    "  two spaces  ",
    "line\nbreak",
    "\r\n",
    "back\\slash",
    "\\n",
    "\\\n",
    "\\\\",
    "ends\\",
    "a&b=c#d",
    "é 語 👋",
    '["json"]',
    "\t",
  ];

  test.each(TEXTS)("%j survives a round trip through the link", (text) => {
    const values = filled({ stop: lineOf(text) });
    const query = new URLSearchParams(toQuery(fields, values));
    // The value that the API's GET receives.
    expect(query.getAll("stop")).toEqual([text]);
    expect(linesOf(fromQuery(fields, query).stop ?? "")).toEqual([text]);
  });

  test("several texts keep their order, without empty ones", () => {
    const values = filled({ stop: TEXTS.map(lineOf).join("\n") });
    const query = new URLSearchParams(toQuery(fields, values));
    expect(query.getAll("stop")).toEqual(TEXTS);
    query.append("stop", "");
    expect(linesOf(fromQuery(fields, query).stop ?? "")).toEqual(TEXTS);
    expect(toParameters(field("stop"), "\n\n")).toEqual([]);
  });
});
