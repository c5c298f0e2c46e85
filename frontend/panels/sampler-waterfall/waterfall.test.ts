import { expect, test } from "vitest";
import type { TokenFrame } from "@/lib/contract/frames";
import openapi from "@/lib/contract/openapi.json";
import { attentionRun } from "@/lib/run/recorded-run.fixture";
import { CONTROLS, waterfallOf, withoutStage } from "./waterfall";

const RUN = attentionRun();
const VOCABULARY = 4096;

function fallOf(frame: TokenFrame) {
  if (!frame.samplerStages) throw new Error("no stages");
  return waterfallOf(frame, frame.samplerStages, VOCABULARY);
}

test("the controls of the recorded run are in their order", () => {
  for (const { samplerStages } of RUN.frames) {
    expect(samplerStages?.map(({ control, setting }) => `${control} ${setting}`)).toEqual([
      "repetition_penalty 1.2",
      "no_repeat_ngram 3",
      "temperature 0.8",
      "top_k 30",
      "top_p 0.9",
      "min_p 0.02",
    ]);
  }
});

test("each row begins with the model's probability and ends with the sampling probability", () => {
  for (const frame of RUN.frames) {
    fallOf(frame).flows.forEach(({ id, probs, cutAt }, place) => {
      const row = frame.top[place];
      if (!row) return;
      expect([id, probs[0]]).toEqual([row.id, row.prob]);
      expect(probs.at(-1) ?? 0).toBeCloseTo(row.sampled_prob, 5);
      expect(frame.samplerStages?.[cutAt - 1]?.control ?? null).toBe(row.cut_by);
    });
  }
});

test("each column adds up to 1 together with the other tokens", () => {
  for (const frame of RUN.frames) {
    const { flows, others } = fallOf(frame);
    others.forEach(({ prob, count }, column) => {
      const shown = flows.map(({ probs }) => probs[column] ?? null).filter((p) => p !== null);
      expect(shown.reduce((sum, p) => sum + p, prob)).toBeCloseTo(1, 4);
      const kept = column === 0 ? VOCABULARY : (frame.samplerStages?.[column - 1]?.kept ?? 0);
      expect(count + shown.length).toBe(kept);
    });
  }
});

test("a generated token outside the list has a row, up to the control that removed it", () => {
  const frame = RUN.frames[0] as TokenFrame;
  const stages = (frame.samplerStages ?? []).map((stage, i) => ({
    ...stage,
    said: i < 3 ? 0.001 : null,
  }));
  const { flows } = waterfallOf({ ...frame, id: -1, label: " zebra", prob: 0.002 }, stages, 4096);
  expect(flows.filter(({ said }) => said)).toEqual([
    {
      id: -1,
      label: " zebra",
      said: true,
      probs: [0.002, 0.001, 0.001, 0.001, null, null, null],
      cutAt: 4,
    },
  ]);
});

test("controls have the order of their stages, and the off value of their description", () => {
  const names = CONTROLS.map(({ name }) => name);
  const stages = (RUN.frames[0]?.samplerStages ?? []).map(({ control }) => control);
  expect(names.filter((name) => stages.includes(name))).toEqual(stages);
  const { properties } = openapi.components.schemas.RunSettings;
  for (const { setting, off } of CONTROLS) {
    const { description } = properties[setting as keyof typeof properties];
    const said = /(\d+) is off/.exec(description)?.[1] ?? OFF_VALUES[setting];
    expect([setting, said]).toEqual([setting, String(off)]);
  }
});

/** Off values that are not in the description. */
const OFF_VALUES: Record<string, string> = { temperature: "1", min_new_tokens: "0" };

test("controls without a stage are off, or set but without effect", () => {
  const settings = RUN.start?.settings;
  if (!settings) throw new Error("no settings");
  const stages = RUN.frames[0]?.samplerStages ?? [];
  expect(withoutStage(stages, settings)).toEqual({
    off: ["min_new_tokens", "block_eos", "block_ws"],
    idle: [],
  });
  const greedy = stages.filter(({ control }) => control === "temperature");
  expect(withoutStage(greedy, settings).idle).toEqual([
    "repetition_penalty",
    "no_repeat_ngram",
    "top_k",
    "top_p",
    "min_p",
  ]);
});
