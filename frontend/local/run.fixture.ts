/** The engine of the embedded model for tests. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { ModelInfo } from "@/lib/contract";
import { PROBES } from "./facts";
import { difference, type Fields } from "./golden-runs.fixture";
import { load } from "./model/goldens.fixture";
import { errorEvent } from "./report";
import { LocalEngine } from "./run";
import { readTokenizer } from "./text/read-tokenizer";
import { Vocabulary } from "./text/vocabulary";
import { texts } from "./words.en";

const MODEL = "../mav_engine/models/mav-tiny";

export async function newEngine(): Promise<LocalEngine> {
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
    server: null,
  };
  const calibration = readFileSync("../mav_engine/backends/calibration.txt", "utf8");
  const loaded = { model: await load("mav-tiny"), vocabulary, info, calibration };
  const engine = new LocalEngine(loaded);
  await engine.prepare({
    messages: [{ role: "user", content: "x" }],
    stop: ["x"],
    top_p: 0.5,
    capture: PROBES.map(({ name }) => name),
  });
  return engine;
}

/** The events as they are sent. An error is the last one. */
export function sent(events: Iterable<object>): Fields[] {
  const found: object[] = [];
  try {
    for (const event of events) found.push(event);
  } catch (error) {
    found.push(errorEvent(error, texts));
  }
  return found.map((event) => JSON.parse(JSON.stringify(event)));
}

/** Expects the same events, but for rounding. */
export function expectSame(own: readonly Fields[], events: readonly Fields[]): void {
  expect(own.map(({ type }) => type)).toEqual(events.map(({ type }) => type));
  own.forEach((event, i) => {
    expect(difference(event, events[i], event.type) ?? "the same").toBe("the same");
  });
}
