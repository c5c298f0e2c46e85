/** Completes and checks the settings of a run, as `RunSettings` in Python does. */
import type { RunRequest, RunSettings } from "@/lib/contract";
import { invalid, LocalError } from "./errors";
import { type Field, type Fields, SETTINGS } from "./facts";
import type { Details } from "./words.en";

/** Settings with a seed. */
export type ResolvedSettings = RunSettings & { readonly seed: number };

/**
 * Returns the settings with all defaults and a seed.
 *
 * @throws LocalError (invalid_settings, only_on_server)
 */
export function resolved(request: RunRequest): ResolvedSettings {
  const settings = completed(request, SETTINGS, "") as RunSettings;
  checkTogether(settings);
  checkPossibleHere(settings);
  const capture = [...new Set(settings.capture)];
  return { ...settings, capture, seed: settings.seed ?? randomSeed() };
}

function completed(given: object, fields: Fields, path: string): Record<string, unknown> {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) {
    const names = Object.keys(fields).join(", ");
    throw invalid(joined(path, unknown), "unknownSetting", unknown, names);
  }
  const values = given as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const full = joined(path, name);
      const value = values[name] === undefined ? defaultOf(field) : values[name];
      if (field.required && value === null) throw invalid(full, "missingSetting", full);
      return [name, checked(value, field, full)];
    }),
  );
}

const defaultOf = (field: Field): unknown =>
  field.default ?? (field.fields && !field.nullable ? {} : null);

const joined = (path: string, name: string): string => (path ? `${path}.${name}` : name);

function checked(value: unknown, field: Field, name: string): unknown {
  if (value === null && field.nullable) return null;
  const problem = problemOf(value, field);
  if (problem) {
    const shown = String(JSON.stringify(value)).slice(0, 80);
    throw invalid(name, "wrongSetting", name, shown, ...problem);
  }
  if (field.fields) return completed(value as object, field.fields, name);
  const { items } = field;
  if (items) return (value as unknown[]).map((each, i) => checked(each, items, `${name}[${i}]`));
  return value;
}

type Kind = Parameters<Details["wrongSetting"]>[2];
type Problem = readonly [kind: Kind, limit: string | number];

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  boolean: (value) => typeof value === "boolean",
  integer: Number.isSafeInteger,
  number: Number.isFinite,
  array: Array.isArray,
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  string: (value) => typeof value === "string",
};

/** Says what a value should be; null if it is that. */
function problemOf(value: unknown, field: Field): Problem | null {
  const type = field.type ?? (field.fields ? "object" : "string");
  if (!TYPES[type]?.(value)) return [type, ""];
  const { oneOf, least = -Infinity, above = -Infinity, most = Infinity } = field;
  const { shortest = 0, longest = Infinity } = field;
  if (oneOf && !oneOf.includes(value as string)) return ["oneOf", oneOf.join(", ")];
  if (typeof value === "number") {
    if (value < least) return ["least", least];
    if (value <= above) return ["above", above];
    return value > most ? ["most", most] : null;
  }
  const unit = type === "array" ? "Items" : "Characters";
  const length = type === "array" || type === "string" ? [...(value as string)].length : shortest;
  if (length < shortest) return [`fewest${unit}`, shortest];
  return length > longest ? [`most${unit}`, longest] : null;
}

function checkTogether(settings: RunSettings): void {
  const { prompt, messages, forced_ids, max_new_tokens, min_new_tokens } = settings;
  if (prompt === null && messages === null) {
    throw invalid("prompt", "nothingToContinue");
  }
  if (prompt !== null && messages !== null) {
    throw invalid("messages", "promptAndMessages");
  }
  if (forced_ids.length > max_new_tokens) {
    throw invalid("forced_ids", "tooManyForced", forced_ids.length, max_new_tokens);
  }
  if (min_new_tokens > max_new_tokens) {
    throw invalid("min_new_tokens", "minAboveMax", min_new_tokens, max_new_tokens);
  }
}

type OnlyOnServer = "serverSetting" | "serverResume" | "serverPattern";

/** The settings that only a server supports, and the text that says so. Here they keep their default. */
export const ONLY_ON_A_SERVER: Readonly<Record<string, OnlyOnServer>> = {
  resume: "serverResume",
  forced_texts: "serverSetting",
  "breakpoints.pattern": "serverPattern",
};

function checkPossibleHere(settings: RunSettings): void {
  const defaults = completed({}, SETTINGS, "");
  for (const [field, reason] of Object.entries(ONLY_ON_A_SERVER)) {
    const [value, initial] = [settings, defaults].map((each) => valueAt(each, field));
    if (JSON.stringify(value) === JSON.stringify(initial)) continue;
    throw LocalError.of("only_on_server", reason, [field], field);
  }
}

/** The value of a field such as `tile.projection`. */
const valueAt = (settings: object, field: string): unknown =>
  field
    .split(".")
    .reduce((value: unknown, name) => (value as Record<string, unknown>)[name], settings);

/** A random seed, of at most 53 bits. */
export function randomSeed(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high >>> 11) * 2 ** 32 + low;
}
