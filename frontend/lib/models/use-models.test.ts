import { expect, test } from "vitest";
import type { ModelList } from "@/lib/contract";
import { modelNamed } from "./use-models";

const LIST = { default: "own", models: [{ name: "mav-tiny" }, { name: "own" }] } as ModelList;

test("a request without a model's name runs the server's default", () => {
  expect(modelNamed(LIST, "mav-tiny")).toBe(LIST.models[0]);
  for (const none of ["", undefined, null]) expect(modelNamed(LIST, none)).toBe(LIST.models[1]);
  expect(modelNamed(LIST, "another")).toBeUndefined();
  expect(modelNamed(null, "own")).toBeUndefined();
});
