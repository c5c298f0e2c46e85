import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { ModelInfo, RunRequest } from "@/lib/contract";
import { parseEvent } from "@/lib/contract/parse-event";
import { PROBES, type Schema, SETTINGS_SCHEMA } from "./facts";
import { golden } from "./goldens.fixture";
import { load } from "./model/goldens.fixture";
import { LocalEngine } from "./run";
import { ONLY_ON_A_SERVER } from "./settings";
import { readTokenizer } from "./text/tokenizer";
import { Vocabulary } from "./text/vocabulary";

type Fields = Readonly<Record<string, unknown>> & { readonly type: string };

interface GoldenRun {
  readonly settings: RunRequest;
  readonly events: readonly Fields[];
}

const { runs } = golden<{ runs: readonly GoldenRun[] }>("runs");
const MODEL = "../mav_engine/models/mav-tiny";

/** The largest relative difference; the engines add in other orders. */
const TOLERANCE = 1e-4;

let engine: LocalEngine;

async function newEngine(): Promise<LocalEngine> {
  const json = (name: string) => JSON.parse(readFileSync(`${MODEL}/${name}`, "utf8"));
  const tokenizer = readTokenizer({
    "tokenizer.json": json("tokenizer.json"),
    "tokenizer_config.json": json("tokenizer_config.json"),
    "config.json": json("config.json"),
  });
  const vocabulary = new Vocabulary(tokenizer);
  const info: ModelInfo = {
    name: "browser:mav-tiny",
    title: "mav-tiny",
    parameters: 5_868_800,
    layers: 6,
    heads: 4,
    kv_heads: 4,
    d_model: 256,
    vocabulary: 4096,
    context: 512,
    dtype: "float32",
    device: "browser",
    loaded: true,
    chat_template: false,
    capabilities: [],
  };
  const calibration = readFileSync("../mav_engine/backends/calibration.txt", "utf8");
  return new LocalEngine({ model: await load("mav-tiny"), vocabulary, info, calibration });
}

beforeAll(async () => {
  engine = await newEngine();
});

/** The events of a run, as they are sent. */
const eventsOf = (request: RunRequest, on = engine): Fields[] =>
  Array.from(on.run(request), (event) => JSON.parse(JSON.stringify(event)));

const idsOf = (events: readonly Fields[]): number[] =>
  events.filter(({ type }) => type === "token").map(({ token }) => (token as { id: number }).id);

describe("golden runs", () => {
  test.each(runs.map((run, number) => [number, run] as const))(
    "%i: the same seed gives the same tokens, and the same numbers",
    (_, { settings, events }) => {
      const own = eventsOf(settings);
      expect(idsOf(own)).toEqual(idsOf(events));
      expectSame(own, events);
    },
  );

  test.each(runs.map((run, number) => [number, run] as const))(
    "%i: forced along the golden tokens, every number is the same",
    (_, { settings, events }) => {
      const ids = idsOf(events);
      const own = eventsOf({
        ...settings,
        forced_ids: ids,
        breakpoints: {} as never,
        max_new_tokens: ids.length,
      });
      expectSame(
        own.filter(({ type }) => type === "token").map(asChosen),
        events.filter(({ type }) => type === "token").map(asChosen),
      );
    },
  );
});

const asChosen = (event: Fields): Fields => ({ ...event, forced: false });

/** Fields that are others each time, or that only a server fills in. */
const UNREPEATABLE = new Set([
  "timing",
  "prefill_ms",
  "elapsed_ms",
  "tokens_per_second",
  "run_id",
  "model",
]);

function expectSame(own: readonly Fields[], events: readonly Fields[]): void {
  expect(own.map(({ type }) => type)).toEqual(events.map(({ type }) => type));
  own.forEach((event, i) => {
    expect(difference(event, events[i], event.type) ?? "the same").toBe("the same");
  });
}

/** Returns where two events differ; null if they are the same but for rounding. */
function difference(own: unknown, expected: unknown, path: string): string | null {
  if (typeof own === "number" && typeof expected === "number") {
    if (Number.isInteger(expected) && Number.isInteger(own) && own !== expected)
      return `${path}: ${own} is not ${expected}`;
    const size = Math.max(Math.abs(own), Math.abs(expected));
    // Attention weights have five decimals. Numbers near zero, such as a cell of a tile, in
    // deviations, are differences of larger ones.
    const least = /attention_sources|tiles/.test(path) ? 1.01e-5 : 1e-6;
    if (Math.abs(own - expected) <= Math.max(TOLERANCE * size, least)) return null;
    return `${path}: ${own} is not ${expected}`;
  }
  if (isPacked(own) && isPacked(expected)) return packedDifference(own, expected, path);
  if (own && expected && typeof own === "object" && typeof expected === "object") {
    const keys = (value: object) => Object.keys(value).filter((key) => !UNREPEATABLE.has(key));
    if (keys(own).sort().join() !== keys(expected).sort().join())
      return `${path}: has ${keys(own)}, not ${keys(expected)}`;
    for (const key of keys(own)) {
      const found = difference(
        (own as Record<string, unknown>)[key],
        (expected as Record<string, unknown>)[key],
        `${path}.${key}`,
      );
      if (found) return found;
    }
    return null;
  }
  return own === expected
    ? null
    : `${path}: ${JSON.stringify(own)} is not ${JSON.stringify(expected)}`;
}

interface Packed {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly scale?: number;
  readonly data: string;
}

const isPacked = (value: unknown): value is Packed =>
  typeof value === "object" && value !== null && "dtype" in value && "data" in value;

/** Packed numbers may be one step of their type apart. */
function packedDifference(own: Packed, expected: Packed, path: string): string | null {
  if (own.shape.join() !== expected.shape.join() || own.dtype !== expected.dtype)
    return `${path}: ${own.shape} of ${own.dtype} is not ${expected.shape} of ${expected.dtype}`;
  const [one, other] = [numbersOf(own), numbersOf(expected)];
  for (let i = 0; i < one.length; i++) {
    const [a = 0, b = 0] = [one[i], other[i]];
    const step = own.dtype === "u8" ? (own.scale ?? 1) : Math.max(Math.abs(a), Math.abs(b)) / 1024;
    if (Math.abs(a - b) > step * 1.01 + 1e-6) return `${path}[${i}]: ${a} is not ${b}`;
  }
  return null;
}

function numbersOf({ dtype, scale = 1, data }: Packed): number[] {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  if (dtype === "u8") return Array.from(bytes, (byte) => byte * scale);
  const halves = new Uint16Array(bytes.buffer);
  return Array.from(halves, (half) => scale * single(half));
}

function single(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

test("events pass the parser of the site", () => {
  const [run] = runs;
  for (const event of engine.run(run?.settings ?? {})) parseEvent(JSON.stringify(event));
});

test("a fork repeats what was measured, and continues as a run from the beginning does", async () => {
  const capture = ["residual", "mlp", "attention_entropy", "attention_sources", "logit_lens"];
  const request = {
    prompt: "Once upon a time",
    max_new_tokens: 40,
    temperature: 0.8,
    seed: 5,
    capture,
  };
  const first = eventsOf(request);
  const ids = idsOf(first);
  const forced_ids = [...ids.slice(0, 20), (ids[20] ?? 0) + 1];
  const fork = eventsOf({ ...request, forced_ids });
  const fresh = eventsOf({ ...request, forced_ids }, await newEngine());
  expect(idsOf(fork)).toEqual(idsOf(fresh));
  expectSame(fork, fresh);
  // Going on with the fork repeats all of it but its last token.
  const again = eventsOf({ ...request, forced_ids: idsOf(fork), max_new_tokens: 45 });
  expect(idsOf(again).slice(0, 40)).toEqual(idsOf(fork));
});

test("wrong settings give an error that names the field", () => {
  const failures: readonly (readonly [RunRequest, string, string])[] = [
    [{}, "invalid_settings", "prompt"],
    [{ prompt: "a", temperature: -1 }, "invalid_settings", "temperature"],
    [{ prompt: "a", forced_ids: [4096] }, "invalid_settings", "forced_ids"],
    [{ prompt: "a", tile: { height: 65 } } as never, "invalid_settings", "tile.height"],
    [{ prompt: "a", nothing: 1 } as never, "invalid_settings", "nothing"],
    [{ prompt: "a", capture: ["plugin"] }, "invalid_settings", "capture"],
    [{ prompt: "a ".repeat(600) }, "prompt_too_long", "prompt"],
    [{ prompt: "a", resume: "x" }, "only_on_server", "resume"],
    [
      { prompt: "a", breakpoints: { pattern: "a+" } } as never,
      "only_on_server",
      "breakpoints.pattern",
    ],
  ];
  for (const [request, code, field] of failures) {
    expect(eventsOf(request)).toEqual([expect.objectContaining({ type: "error", code, field })]);
  }
});

describe("every setting and every probe is held to the golden runs, or only a server has it", () => {
  const named = new Set(runs.flatMap(({ settings }) => Object.keys(flat(settings))));
  const captured = new Set(runs.flatMap(({ settings }) => settings.capture ?? []));

  test.each(Object.keys(flat(defaultsOf(SETTINGS_SCHEMA))).filter((name) => name !== "model"))(
    "the setting %s",
    (name) => {
      expect(named.has(name) !== name in ONLY_ON_A_SERVER).toBe(true);
    },
  );

  test.each(PROBES.map(({ name }) => name))("the probe %s", (name) => {
    expect(captured).toContain(name);
  });
});

/** The properties of objects by their names joined with a dot. */
function flat(value: object, prefix = ""): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.entries(flat(part, `${prefix}${name}.`))
        : [[prefix + name, part]],
    ),
  );
}

function defaultsOf(schema: Schema): Record<string, unknown> {
  const { properties = {}, $defs = {} } = schema;
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const defined = $defs[property.$ref?.split("/").at(-1) ?? ""];
      return [name, defined ? defaultsOf(defined) : null];
    }),
  );
}
