import { expect, test } from "vitest";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { splitList } from "./svg/colour";
import { transformedPath } from "./svg/flatten";
import type { TableSource } from "./table";
import { allTokens, differsByToken, tableCsv, tableJson } from "./table-files";

const run = recordedRun();
const panel: TableSource = {
  id: "ranks",
  title: "Ranks",
  hookPoint: "logits",
  table: ({ frames }, step) => ({
    columns: ["text", "rank"],
    rows: [[frames[step]?.label ?? "", frames[step]?.rank ?? null]],
  }),
};

test("CSV keeps commas, quotes, line breaks and outer spaces; missing values are empty", () => {
  const table = {
    columns: ["token", "value"],
    rows: [
      [' "a", b', 1.5],
      ["\n", null],
      ["x", Number.NaN],
    ],
  };
  expect(tableCsv(table)).toBe('token,value\r\n" ""a"", b",1.5\r\n"\n",\r\nx,\r\n');
});

test("the table of all tokens has the token's index in each row", () => {
  const all = allTokens(panel, run, "token");
  expect(all?.columns).toEqual(["token", "text", "rank"]);
  expect(all?.rows).toEqual(run.frames.map(({ index, label, rank }) => [index, label, rank]));
  expect(differsByToken(panel, run)).toBe(true);
  const same = { ...panel, table: () => ({ columns: ["a"], rows: [[1]] }) };
  expect(differsByToken(same, run)).toBe(false);
});

test("JSON has the model, run and settings beside the numbers", () => {
  const content = JSON.parse(tableJson(panel, run, 3, "rank"));
  expect(content).toMatchObject({
    panel: "ranks",
    unit: "rank",
    hook_point: "logits",
    model: "mav-tiny",
    settings: { seed: 7, temperature: 0.8 },
    token: { index: 3, text: run.frames[3]?.label },
    rows: [[run.frames[3]?.label, run.frames[3]?.rank]],
  });
});

test("a CSS list is split only outside of parentheses", () => {
  expect(splitList("to right, rgba(0, 0, 0, 0), oklab(0.5 0 0 / 0.5) 20%")).toEqual([
    "to right",
    "rgba(0, 0, 0, 0)",
    "oklab(0.5 0 0 / 0.5) 20%",
  ]);
  expect(splitList("oklab(0.5 0 0) 20%", /\s/)).toEqual(["oklab(0.5 0 0)", "20%"]);
});

test("every point of a path is transformed", () => {
  const double = (x: number, y: number) => [2 * x, 10 * y] as const;
  expect(transformedPath("M0 1H2L3.5,.5V0C1 1 2 2 3 3Z", double)).toBe(
    "M0 10L4 10L7 5L7 0C2 10 4 20 6 30Z",
  );
  expect(transformedPath("M1 2h0v3", double)).toBe("M2 20L2 20L2 50");
  expect(transformedPath("M0 0a1 1 0 0 1 2 2", double)).toBeNull();
});
