import { describe, expect, test } from "vitest";
import openapi from "@/lib/contract/openapi.json";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { fromQuery } from "./address";
import { settingFields } from "./fields";
import { initialValues } from "./form-values";
import {
  changedSettings,
  formParameters,
  isSetting,
  runParameters,
  runRequest,
  settingsIn,
} from "./run-address";

const fields = settingFields(openapi);
const settings: Readonly<Record<string, unknown>> = recordedRun().start?.settings ?? {};
const query = (pairs: Iterable<readonly [string, string]>) =>
  new URLSearchParams([...pairs].map(([...pair]) => pair));

describe("the address of a run", () => {
  test("names only the model, the seed used and what differs from the defaults", () => {
    const parameters = query(
      runParameters(fields, { ...settings, seed: 77, temperature: 0.7, top_p: 1, top_k: 50 }),
    );
    expect(parameters.get("seed")).toBe("77");
    expect(parameters.get("model")).toBe("mav-tiny");
    expect(parameters.get("temperature")).toBe("0.7");
    expect(parameters.has("top_p")).toBe(false);
    expect(parameters.has("capture")).toBe(false);
  });

  test("fills the form with the same run", () => {
    const run = { ...settings, prompt: "Once\nupon", stop: ["The End", "\n"], seed: 3 };
    const address = query(runParameters(fields, run)).toString();
    const values = { ...initialValues(fields), ...fromQuery(fields, address) };
    const request = runRequest(fields, values, settingsIn(query([])), []);
    expect(request).toMatchObject({ prompt: run.prompt, stop: run.stop, seed: 3 });
  });

  test("has forced tokens and a conversation in the API's format", () => {
    const messages = [{ role: "user", content: "Tell me & more" }];
    const run = { ...settings, prompt: null, messages, forced_ids: [5, 7] };
    const parameters = query(runParameters(fields, run));
    expect(parameters.has("prompt")).toBe(false);
    expect(parameters.getAll("forced_ids")).toEqual(["5", "7"]);
    expect(JSON.parse(parameters.get("messages") ?? "")).toEqual(messages);
    const given = settingsIn(parameters);
    const values = { ...initialValues(fields), prompt: "left over" };
    const request = runRequest(fields, values, given, ["mlp"]);
    expect(request).toMatchObject({ messages, forced_ids: [5, 7], capture: ["mlp"] });
    expect(request).not.toHaveProperty("prompt");
    expect(query(formParameters(fields, values, given)).has("prompt")).toBe(false);
  });

  test.each([
    "messages={",
    "messages=[]",
    "messages=3",
    "forced_ids=x",
    "forced_ids=1&forced_ids=",
    "forced_ids=1,x",
  ])("%s is ignored", (search) => {
    const { messages, forced_ids } = settingsIn(new URLSearchParams(search));
    expect(messages).toBeUndefined();
    if (search.startsWith("forced_ids=x")) expect(forced_ids).toBeUndefined();
  });

  test("ids may be separated by commas", () => {
    expect(settingsIn(new URLSearchParams("forced_ids=1,2&forced_ids=3")).forced_ids).toEqual([
      1, 2, 3,
    ]);
  });

  test("leaves parameters that are not settings unchanged", () => {
    const own = isSetting(fields);
    expect(["prompt", "seed", "forced_ids", "messages"].every(own)).toBe(true);
    expect(["panels", "view", "utm"].some(own)).toBe(false);
  });
});

describe("settings that differ from those of a run", () => {
  const asRun = {
    ...initialValues(fields),
    ...fromQuery(fields, query(runParameters(fields, settings)).toString()),
  };
  const changed = (values: Record<string, string>, ran = {}, limit: number | null = null) =>
    changedSettings(fields, { ...asRun, ...values }, { ...settings, ...ran }, limit);

  test("are named with the value of the run", () => {
    expect(changed({})).toEqual({});
    expect(changed({ temperature: "1", top_p: "0.950" })).toEqual({ temperature: "0.8" });
    expect(changed({ prompt: "Twice" })).toEqual({ prompt: settings.prompt });
    expect(changed({}, { tile: { height: 8 } })).toEqual({ tile_height: "8" });
    expect(changed({ stop: "The End" }, { stop: [] })).toEqual({ stop: "" });
  });

  test("are not those that the form leaves open", () => {
    expect(changed({ seed: "", prompt: "", model: "" }, { seed: 77 })).toEqual({});
    expect(changed({ seed: "5" }, { seed: 77 })).toEqual({ seed: "77" });
    const messages = [{ role: "user", content: "Hi" }];
    expect(changed({ prompt: "left over" }, { prompt: null, messages })).toEqual({});
  });

  test("are not the limit of a run that was continued beyond it", () => {
    const continued = { max_new_tokens: 2 * Number(settings.max_new_tokens) };
    expect(changed({}, continued, Number(settings.max_new_tokens))).toEqual({});
    expect(Object.keys(changed({}, continued))).toEqual(["max_new_tokens"]);
  });

  test("are unknown where a recording has no value", () => {
    const { min_p: _, ...older } = settings;
    expect(changedSettings(fields, { ...asRun, min_p: "0.5" }, older, null)).not.toHaveProperty(
      "min_p",
    );
  });
});
