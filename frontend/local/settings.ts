/** Completes and checks the settings of a run, as `RunSettings` in Python does. */
import type { RunRequest, RunSettings } from "@/lib/contract";
import { InvalidSettings, OnlyOnServer } from "./errors";
import { type Schema, SETTINGS_SCHEMA } from "./facts";

/** Settings with a seed. */
export type ResolvedSettings = RunSettings & { readonly seed: number };

/**
 * Returns the settings with all defaults and a seed.
 *
 * @throws InvalidSettings, OnlyOnServer
 */
export function resolved(request: RunRequest): ResolvedSettings {
  const settings = completed(request, SETTINGS_SCHEMA, "") as RunSettings;
  checkTogether(settings);
  checkPossibleHere(settings);
  const capture = [...new Set(settings.capture)];
  return { ...settings, capture, seed: settings.seed ?? randomSeed() };
}

function completed(given: object, schema: Schema, path: string): Record<string, unknown> {
  const known = schema.properties ?? {};
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    const names = Object.keys(known).join(", ");
    const detail = `There is no setting named ${unknown}. Known: ${names}.`;
    throw new InvalidSettings(detail, joined(path, unknown));
  }
  const values = given as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(known).map(([name, property]) => {
      const field = joined(path, name);
      const value = values[name];
      if (value !== undefined) return [name, checked(value, property, field)];
      if (schema.required?.includes(name)) throw new InvalidSettings(`${field} is missing.`, field);
      return [name, structuredClone(property.default)];
    }),
  );
}

const joined = (path: string, name: string): string => (path ? `${path}.${name}` : name);

function checked(value: unknown, given: Schema, field: string): unknown {
  const schema = given.$ref ? defined(given.$ref) : given;
  if (schema.anyOf) {
    if (value === null && schema.anyOf.some(({ type }) => type === "null")) return null;
    const other = schema.anyOf.find(({ type }) => type !== "null");
    return other ? checked(value, other, field) : value;
  }
  const problem = problemOf(value, schema);
  if (problem) {
    const shown = JSON.stringify(value)?.slice(0, 80);
    throw new InvalidSettings(`${field} was given as ${shown}: it should be ${problem}.`, field);
  }
  if (schema.properties) return completed(value as object, schema, field);
  const { items } = schema;
  if (items) return (value as unknown[]).map((each, i) => checked(each, items, `${field}[${i}]`));
  return value;
}

const defined = (ref: string): Schema =>
  SETTINGS_SCHEMA.$defs?.[ref.slice(ref.lastIndexOf("/") + 1)] ?? {};

/** Says what a value should be; null if it is that. */
function problemOf(value: unknown, schema: Schema): string | null {
  switch (schema.type) {
    case "boolean":
      return typeof value === "boolean" ? null : "true or false";
    case "integer":
      return Number.isSafeInteger(value) ? outside(value as number, schema) : "a whole number";
    case "number":
      return Number.isFinite(value) ? outside(value as number, schema) : "a number";
    case "array":
      return Array.isArray(value) ? lengthProblem(value.length, schema, "items") : "a list";
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value)
        ? null
        : "an object";
    default:
      if (typeof value !== "string") return "a text";
      if (schema.enum && !schema.enum.includes(value)) return `one of ${schema.enum.join(", ")}`;
      return lengthProblem([...value].length, schema, "characters");
  }
}

function outside(value: number, schema: Schema): string | null {
  const { minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity } = schema;
  if (value < minimum) return `${minimum} or more`;
  if (value <= exclusiveMinimum) return `more than ${exclusiveMinimum}`;
  return value > maximum ? `${maximum} or less` : null;
}

function lengthProblem(length: number, schema: Schema, unit: string): string | null {
  const least = schema.minLength ?? schema.minItems ?? 0;
  const most = schema.maxLength ?? schema.maxItems ?? Infinity;
  if (length < least) return `at least ${least} ${unit} long`;
  return length > most ? `at most ${most} ${unit} long` : null;
}

function checkTogether(settings: RunSettings): void {
  const { prompt, messages, forced_ids, max_new_tokens, min_new_tokens } = settings;
  if (prompt === null && messages === null) {
    const detail = "There is nothing to continue: give prompt (a text) or messages.";
    throw new InvalidSettings(detail, "prompt");
  }
  if (prompt !== null && messages !== null) {
    const detail = "prompt and messages were both given: give exactly one of them.";
    throw new InvalidSettings(detail, "messages");
  }
  if (forced_ids.length > max_new_tokens) {
    const detail = `forced_ids holds ${forced_ids.length} tokens but max_new_tokens is ${max_new_tokens}; raise max_new_tokens to at least ${forced_ids.length}.`;
    throw new InvalidSettings(detail, "forced_ids");
  }
  if (min_new_tokens > max_new_tokens) {
    const detail = `min_new_tokens is ${min_new_tokens} but max_new_tokens is only ${max_new_tokens}; lower min_new_tokens or raise max_new_tokens.`;
    throw new InvalidSettings(detail, "min_new_tokens");
  }
}

/** The settings that only a server supports, and why. Here they keep their default. */
export const ONLY_ON_A_SERVER: Readonly<Record<string, string>> = {
  resume: "it is signed by a server; in the browser, continue with forced_ids",
  "tile.projection": "principal components are computed by a server; set it to random",
  "breakpoints.pattern":
    "a search for a pattern cannot be interrupted in the browser; use breakpoints.text",
};

function checkPossibleHere(settings: RunSettings): void {
  const defaults = completed({}, SETTINGS_SCHEMA, "");
  for (const [field, reason] of Object.entries(ONLY_ON_A_SERVER)) {
    if (field.startsWith("tile.") && !settings.capture.includes("tiles")) continue;
    const [value, initial] = [settings, defaults].map((each) => valueAt(each, field));
    if (JSON.stringify(value) === JSON.stringify(initial)) continue;
    throw new OnlyOnServer(`${field}: ${reason}, or choose a model on a server.`, field);
  }
}

/** The value of a field such as `tile.projection`. */
const valueAt = (settings: object, field: string): unknown =>
  field.split(".").reduce((value: unknown, name) => (value as Fields)[name], settings);

type Fields = Readonly<Record<string, unknown>>;

/** A random seed, of at most 53 bits. */
export function randomSeed(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high >>> 11) * 2 ** 32 + low;
}
