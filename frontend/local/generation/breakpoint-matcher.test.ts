import { describe, expect, test } from "vitest";
import type { RunSettings } from "@/lib/contract";
import { LocalError } from "../errors";
import { golden, settingsOf } from "../goldens.fixture";
import { BreakpointMatcher, loopPeriod } from "./breakpoint-matcher";

interface Content {
  readonly breakpoints: readonly {
    readonly breakpoints: RunSettings["breakpoints"];
    readonly written: readonly number[];
    readonly before: string;
    readonly tokens: readonly {
      readonly id: number;
      readonly text: string;
      readonly entropy: number;
      readonly probability: number;
      readonly forced: boolean;
      readonly hits: readonly (readonly [string, number | null, string | null])[];
    }[];
  }[];
}

describe("breakpoints hit where they hit in the engine in Python", () => {
  test.each(golden<Content>("sampling").breakpoints)("$breakpoints", (each) => {
    const { breakpoints } = settingsOf({ breakpoints: each.breakpoints });
    const matcher = new BreakpointMatcher(breakpoints, each.written, each.before);
    const hits = each.tokens.map((token) => {
      const found = [...matcher.token(token.id, token), ...matcher.text(token.text, token.forced)];
      return found.map(({ condition, value, found }) => [condition, value, found]);
    });
    expect(hits).toEqual(each.tokens.map((token) => token.hits));
  });
});

test("a pattern is refused by name, since its search cannot be interrupted", () => {
  const { breakpoints } = settingsOf({
    breakpoints: { ...settingsOf({}).breakpoints, pattern: "(a+)+b" },
  });
  const make = () => new BreakpointMatcher(breakpoints, [], "");
  expect(make).toThrow(LocalError);
  expect(make).toThrow("serverPattern: breakpoints.pattern");
});

test("the shortest group that is repeated", () => {
  expect(loopPeriod([1, 2, 1, 2, 1, 2])).toBe(0);
  expect(loopPeriod([1, 2, 1, 2, 1, 2, 1, 2])).toBe(2);
  expect(loopPeriod([7, ...Array(8).fill(1)])).toBe(1);
});
