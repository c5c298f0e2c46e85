import { describe, expect, test } from "vitest";
import openapi from "@/lib/contract/openapi.json";
import { fromQuery, toQuery } from "./address";
import { nameToServer, type SettingField, settingFields } from "./fields";
import { initialValues, problemOf, rangeOf, toRequest } from "./form-values";
import { groupFields } from "./groups";

const fields = settingFields(openapi);
const field = (name: string): SettingField => {
  const found = fields.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no field ${name}`);
  return found;
};
const filled = (values: Record<string, string>) => ({ ...initialValues(fields), ...values });

describe("fields from the schema", () => {
  test("have kind, range, default and a description", () => {
    expect(field("temperature")).toMatchObject({
      kind: "number",
      minimum: 0,
      maximum: 10,
      initial: "0",
    });
    expect(field("top_p")).toMatchObject({ exclusiveMinimum: 0, maximum: 1, initial: "1" });
    expect(field("seed")).toMatchObject({ kind: "integer", optional: true, initial: "" });
    expect(field("stop")).toMatchObject({ kind: "texts" });
    expect(field("aggregation").choices).toContain("rms");
    for (const { description } of fields) expect(description).not.toBe("");
  });

  test("every sampling control is in a group of the form", () => {
    const { common, more, measuring, tiles } = groupFields(fields);
    const names = [...common, ...more, ...measuring, ...tiles].map(({ name }) => name);
    expect(names.sort()).toEqual(
      [
        "aggregation",
        "attn_every",
        "block_eos_steps",
        "block_ws_steps",
        "max_new_tokens",
        "min_new_tokens",
        "min_p",
        "no_repeat_ngram_size",
        "repetition_penalty",
        "seed",
        "stop",
        "temperature",
        "tile_height",
        "tile_projection",
        "tile_signal",
        "tile_width",
        "top_k",
        "top_n",
        "top_p",
      ].sort(),
    );
  });
});

describe("parts of an object", () => {
  const values = { prompt: "Once", tile_height: "8", tile_projection: "pca" };

  test("are fields with their own range, default and name for the server", () => {
    expect(field("tile_height")).toMatchObject({ kind: "integer", initial: "16", maximum: 64 });
    expect(field("tile_signal").choices).toEqual(["residual", "mlp", "attn"]);
    expect(nameToServer(field("tile_signal"))).toBe("tile.signal");
    expect(nameToServer(field("top_k"))).toBe("top_k");
  });

  test("are sent as one object of the changed parts", () => {
    expect(toRequest(fields, filled(values)).tile).toEqual({ height: 8, projection: "pca" });
    expect(toRequest(fields, filled({ prompt: "Once" }))).not.toHaveProperty("tile");
  });

  test("are in the address in the API's format, and are read back", () => {
    const query = toQuery(fields, filled(values));
    expect(new URLSearchParams(query).get("tile")).toBe('{"height":8,"projection":"pca"}');
    expect(filled(fromQuery(fields, query))).toEqual(filled(values));
    expect(fromQuery(fields, "?tile=rubbish")).toEqual({});
    expect(fromQuery(fields, '?tile={"height":[1]}')).toEqual({});
  });
});

describe("problems", () => {
  test.each([
    ["temperature", "10.5", "0 to 10"],
    ["temperature", "warm", "number"],
    ["temperature", "", "number"],
    ["top_p", "0", "above 0 to 1"],
    ["top_k", "1.5", "whole"],
    ["top_k", "-1", "0 or more"],
    ["prompt", "", "Enter some text"],
    ["aggregation", "median", "l2"],
  ])("%s = %j", (name, value, hint) => {
    expect(problemOf(field(name), value)).toContain(hint);
  });

  test.each([
    ["temperature", "0.7"],
    ["top_p", "1"],
    ["seed", ""],
    ["seed", "42"],
    ["stop", ""],
  ])("%s = %j is valid", (name, value) => {
    expect(problemOf(field(name), value)).toBeNull();
  });

  test("the maximum of a seed, which is huge, is not shown", () => {
    expect(rangeOf(field("seed"))).toBe("0 or more");
  });
});

describe("requests", () => {
  test("contain what differs from the defaults, with the types of the contract", () => {
    const values = filled({ prompt: "Once", temperature: "0.7", seed: "3", stop: "The End\n\\n" });
    expect(toRequest(fields, values)).toEqual({
      model: "mav-tiny",
      prompt: "Once",
      temperature: 0.7,
      seed: 3,
      stop: ["The End", "\n"],
    });
  });
});

describe("the address bar", () => {
  test("contains what differs from the defaults, and is read back", () => {
    const values = filled({ prompt: "a & b\nc ␣", top_p: "0.9", stop: "x\ny" });
    const query = toQuery(fields, values);
    expect(new URLSearchParams(query).getAll("stop")).toEqual(["x", "y"]);
    expect(query).not.toContain("temperature");
    expect({ ...initialValues(fields), ...fromQuery(fields, query) }).toEqual(values);
  });

  test("of an unchanged form is empty; unknown parameters are ignored", () => {
    expect(toQuery(fields, initialValues(fields))).toBe("");
    expect(fromQuery(fields, "?utm=1&top_k=7")).toEqual({ top_k: "7" });
  });
});

describe("breakpoints", () => {
  const values = {
    prompt: "Once",
    breakpoints_entropy_above: "2.5",
    breakpoints_pattern: "\\d+",
    breakpoints_loop: "true",
  };

  test("are a group of their own, without the one that is only for stepping", () => {
    const { breakpoints, more } = groupFields(fields);
    expect(breakpoints.map(({ part }) => part?.name)).toEqual([
      "entropy_above",
      "probability_below",
      "text",
      "pattern",
      "loop",
    ]);
    expect(more.some(({ part }) => part?.of === "breakpoints")).toBe(false);
  });

  test("are sent as one object of those that are set, also in the address", () => {
    const expected = { entropy_above: 2.5, pattern: "\\d+", loop: true };
    expect(toRequest(fields, filled(values)).breakpoints).toEqual(expected);
    expect(toRequest(fields, filled({ prompt: "Once" }))).not.toHaveProperty("breakpoints");
    const query = toQuery(fields, filled(values));
    expect(JSON.parse(new URLSearchParams(query).get("breakpoints") ?? "")).toEqual(expected);
    expect(filled(fromQuery(fields, query))).toEqual(filled(values));
  });

  test("may be empty, but not out of range", () => {
    for (const name of ["entropy_above", "text", "pattern"])
      expect(problemOf(field(`breakpoints_${name}`), "")).toBeNull();
    expect(problemOf(field("breakpoints_probability_below"), "2")).toContain("above 0 to 1");
  });
});
