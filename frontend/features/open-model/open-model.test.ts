import { beforeEach, expect, test, vi } from "vitest";
import { Refused } from "@/lib/client/failure";
import { localRuns } from "@/lib/client/local-runs";
import type { ModelInfo, ModelList } from "@/lib/contract";
import { models } from "@/lib/models/use-models";
import { refusedFile } from "@/lib/recording/open-recording";
import { MAX_WEIGHTS_BYTES, openModel } from "./open-model";

vi.mock("@/lib/client/local-runs", () => ({ localRuns: { load: vi.fn() } }));

const load = vi.mocked(localRuns.load);
const open = vi.fn();
const LIST = {
  default: "mav-tiny",
  models: [{ name: "mav-tiny" }, { name: "browser:mav-tiny" }],
  problems: {},
  hosts: { big: "a.example.org" },
  training: false,
} as unknown as ModelList;

const FILES = ["config.json", "model.safetensors", "tokenizer.json"];
const file = (name: string) => new File(["{}"], name);

/** Drops files, or a folder with them, which a browser lists two at a time. */
function dropped(names: readonly string[], folder?: string, weightsBytes?: number) {
  const files = names.map(file);
  const weights = files.find(({ name }) => name === "model.safetensors");
  if (weights && weightsBytes) Object.defineProperty(weights, "size", { value: weightsBytes });
  if (folder === undefined) return openModel({ files, entries: files.map(() => null), open });
  const parts = files.map((each) => ({
    isFile: true,
    name: each.name,
    file: (resolve: (found: File) => void) => resolve(each),
  }));
  const createReader = () => ({
    readEntries: (resolve: (entries: unknown[]) => void) => resolve(parts.splice(0, 2)),
  });
  const entry = { isDirectory: true, name: folder, createReader } as unknown as FileSystemEntry;
  return openModel({ files: [file(folder)], entries: [entry], open });
}

const listed = () => models.getState().list?.models.map(({ name, title }) => title || name);
const detail = () => refusedFile.getState().failure?.detail;

beforeEach(() => {
  models.setState({ list: LIST, failure: null });
  refusedFile.setState({ failure: null });
  open.mockReset();
  load.mockReset();
  load.mockImplementation(async ({ info }) => ({ ...info, layers: 2 }) as ModelInfo);
});

test("a folder becomes a model of the list, also of a list that is fetched later", async () => {
  expect(await dropped([...FILES, "README.md"], "my model")).toBe("browser:my-model");
  expect(Object.keys(load.mock.calls[0]?.[0].files ?? {})).toEqual(FILES);
  const expected = ["mav-tiny", "browser:mav-tiny", "my-model · your files, not uploaded"];
  expect(listed()).toEqual(expected);
  models.setState({ list: { ...LIST } });
  expect(listed()).toEqual(expected);
  expect(models.getState().list?.hosts).toEqual({ big: "a.example.org", "browser:my-model": "" });
  // Again: it is replaced.
  expect(await dropped(FILES, "my model")).toBe("browser:my-model");
  expect(listed()).toEqual(expected);
});

test("a model is named differently from those of the site", async () => {
  expect(await dropped(FILES, "mav-tiny")).toBe("browser:mav-tiny-2");
  expect(await dropped(FILES, "../..")).toBe("browser:own-model");
  expect(await dropped(FILES)).toBe("browser:own-model");
});

test("without any other model, it is the default", async () => {
  models.setState({ list: null });
  await dropped(FILES, "alone");
  expect(models.getState().list?.models.map(({ name }) => name)).toContain("browser:alone");
});

test("missing files are named", async () => {
  expect(await dropped(["config.json", "pytorch_model.bin"], "old")).toBeNull();
  expect(detail()).toContain("missing: model.safetensors and tokenizer.json.");
  await dropped([], "empty");
  expect(detail()).toContain("missing: config.json, model.safetensors and tokenizer.json.");
  expect(load).not.toHaveBeenCalled();
  expect(open).not.toHaveBeenCalled();
});

test("too large weights are refused before they are read", async () => {
  expect(await dropped(FILES, "fits", MAX_WEIGHTS_BYTES)).toBe("browser:fits");
  expect(await dropped(FILES, "large", MAX_WEIGHTS_BYTES + 1_000_000)).toBeNull();
  expect(detail()).toContain("1,201 MB");
  expect(load).toHaveBeenCalledTimes(1);
});

test("the reason of the engine is shown, and the model is not listed", async () => {
  const failure = { code: "damaged_model", title: "No", detail: "Cut off.", field: "model" };
  load.mockRejectedValueOnce(new Refused(failure));
  const before = listed();
  expect(await dropped(FILES, "broken")).toBeNull();
  expect(refusedFile.getState().failure).toEqual({
    ...{ code: "model_refused", title: "No", detail: "Cut off." },
  });
  expect(listed()).toEqual(before);
  load.mockRejectedValueOnce(new Error("out of memory"));
  await dropped(FILES, "broken");
  expect(detail()).toContain("out of memory");
});

test("several files that are no model are opened as a recording", async () => {
  expect(await dropped(["one.jsonl", "two.jsonl"])).toBeNull();
  expect(open.mock.calls.map(([first]) => first.name)).toEqual(["one.jsonl"]);
  expect(detail()).toBeUndefined();
});
