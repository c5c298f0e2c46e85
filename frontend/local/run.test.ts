import { beforeAll, describe, expect, test } from "vitest";
import type { RunRequest } from "@/lib/contract";
import { parseEvent } from "@/lib/contract/parse-event";
import { SERVER_PROBES, SETTINGS, type Fields as SettingFields } from "./facts";
import facts from "./facts.json";
import { type Fields, goldenRuns, idsOf } from "./golden-runs.fixture";
import type { LocalEngine } from "./run";
import { expectSame, newEngine, sent } from "./run.fixture";
import { ONLY_ON_A_SERVER } from "./settings";

const runs = goldenRuns();

let engine: LocalEngine;

beforeAll(async () => {
  engine = await newEngine();
});

/** The events of a run, as they are sent. */
const eventsOf = (request: RunRequest, on = engine): Fields[] => sent(on.run(request));

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

  test.each(Object.keys(flat(namesOf(SETTINGS))).filter((name) => name !== "model"))(
    "the setting %s",
    (name) => {
      expect(named.has(name) !== name in ONLY_ON_A_SERVER).toBe(true);
    },
  );

  test.each(facts.probes.map(({ name }) => name))("the probe %s", (name) => {
    expect(captured.has(name)).toBe(!SERVER_PROBES.includes(name));
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

function namesOf(fields: SettingFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { fields: own, nullable }]) => [
      name,
      own && !nullable ? namesOf(own) : null,
    ]),
  );
}
