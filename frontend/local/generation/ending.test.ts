import { describe, expect, test } from "vitest";
import type { FinishReason } from "@/lib/contract";
import { settingsOf } from "../goldens.fixture";
import { TEXT, vocabularyOf } from "../text/text.fixture";
import { Ending, reasonById } from "./ending";
import { givenTokens } from "./forced-tokens";
import * as matchers from "./matchers";
import { Prediction } from "./prediction";

const VOCABULARIES = new Map(
  ["embedded", "llama3", "qwen2"].map((name) => [name, vocabularyOf(name)]),
);
const PREDICTION = new Prediction(Float32Array.of(1, 2));

describe("a run ends with the token and the text of the engine in Python", () => {
  test.each(TEXT.sequences)("$tokenizer $ids", ({ tokenizer, prompt, ids, run }) => {
    const vocabulary = VOCABULARIES.get(tokenizer) ?? vocabularyOf(tokenizer);
    const { breakpoints } = settingsOf({
      breakpoints: { ...settingsOf({}).breakpoints, ...run.breakpoints },
    });
    const ending = new Ending(vocabulary, prompt, run.written, run.stop, breakpoints, matchers);
    expect(ending.textBefore).toBe(run.before);
    const rule = {
      stopIds: new Set(run.rule.stop_ids),
      eosIds: new Set(run.rule.eos_ids),
      limit: run.rule.limit,
      forced: givenTokens(run.rule.forced),
    };
    const caller = (index: number): FinishReason | null =>
      index === run.cancelled ? "cancelled" : null;
    const tokens: unknown[] = [];
    for (let index = run.written.length; index < ids.length && !ending.reason; index++) {
      const tokenId = ids[index] ?? 0;
      const choice = {
        tokenId,
        forced: index < run.rule.forced.length,
        kept: 1,
        sampledEntropy: 0,
        topIds: [],
        sampledProbs: [],
        cutBy: [],
        stages: null,
      };
      const byId = reasonById(rule, tokenId, index);
      const text = ending.add(choice, PREDICTION, { byId, caller: caller(index) });
      const hits = ending.hits.map(({ condition, value, found }) => [condition, value ?? 0, found]);
      tokens.push([text, ending.reason, hits]);
    }
    expect(tokens).toEqual(run.tokens);
  });

  test("all reasons occur", () => {
    const reasons = TEXT.sequences.flatMap(({ run }) => run.tokens.map(([, reason]) => reason));
    expect([...new Set(reasons)].sort()).toEqual(
      [null, "breakpoint", "cancelled", "eos", "length", "stop"].sort(),
    );
  });
});
