import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { parse } from "valibot";
import type { RunSettings } from "@/lib/contract";
import { RunSettingsSchema } from "@/lib/contract/schemas";
import { errorEvent } from "./report";
import { texts } from "./words.en";

/** The content of a golden file, which the engine in Python has written (`tests/goldens/`). */
export function golden<Content>(name: string): Content {
  const bytes = readFileSync(`../tests/goldens/${name}.json.gz`);
  return JSON.parse(gunzipSync(bytes).toString("utf8")) as Content;
}

/** The text of the error that this throws; null if it throws none. */
export function errorOf(attempt: () => unknown): string | null {
  try {
    attempt();
  } catch (error) {
    return errorEvent(error, texts).detail;
  }
  return null;
}

/** Settings with the contract's defaults. */
export function settingsOf(given: Partial<RunSettings>): RunSettings {
  return parse(RunSettingsSchema, { prompt: "x", ...given });
}

/** How far two numbers are apart, relative to the larger; 0 where both are negligible. */
export function distance(one: number, other: number): number {
  const size = Math.max(Math.abs(one), Math.abs(other));
  return size < 1e-12 ? 0 : Math.abs(one - other) / size;
}
