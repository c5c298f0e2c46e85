import { describe, expect, test } from "vitest";
import openapi from "@/lib/contract/openapi.json";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { fromQuery } from "./address";
import { settingFields } from "./fields";
import { initialValues } from "./form-values";
import { formParameters, isSetting, runParameters, runRequest, settingsIn } from "./run-address";

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
