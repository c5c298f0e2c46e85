import type { RunRequest } from "@/lib/contract";
import { isSame, toQuery } from "./address";
import type { SettingField } from "./fields";
import { type FormValues, toRequest } from "./form-values";
import { lineOf } from "./text-lines";

/** Settings that have no field in the form and come only from a link. */
export type Given = Pick<RunRequest, "messages" | "forced_ids">;

const GIVEN = ["messages", "forced_ids"] as const;

type Pair = readonly [string, string];

/** Whether a query parameter is a setting of a run. */
export const isSetting =
  (fields: readonly SettingField[]) =>
  (name: string): boolean =>
    GIVEN.includes(name as (typeof GIVEN)[number]) ||
    fields.some((field) => serverName(field) === name);

/** The query parameter of a field; a part of an object is in the object's parameter. */
const serverName = (field: SettingField): string =>
  "part" in field ? (field.part as { of: string }).of : field.name;

/** Returns the query parameters of the form's values and of the settings without a field. */
export function formParameters(
  fields: readonly SettingField[],
  values: FormValues,
  given: Given,
): Pair[] {
  const query = [...new URLSearchParams(toQuery(fields, values))];
  // `messages` replace the prompt.
  const parameters = given.messages ? query.filter(([name]) => name !== "prompt") : query;
  return [...parameters, ...pairsOf(given)];
}

/** Returns the request of the form's values and of the settings without a field. */
export function runRequest(
  fields: readonly SettingField[],
  values: FormValues,
  given: Given,
  capture: string[],
): RunRequest {
  const { prompt, ...settings } = toRequest(fields, values);
  const prompted = given.messages || prompt === undefined ? {} : { prompt };
  return { ...settings, ...prompted, ...given, capture };
}

/** Formats them as the API's GET expects: repeated ids, a conversation as JSON. */
function pairsOf({ messages, forced_ids }: Given): Pair[] {
  const ids = (forced_ids ?? []).map((id): Pair => ["forced_ids", String(id)]);
  return messages ? [["messages", JSON.stringify(messages)], ...ids] : ids;
}

/** Reads the settings without a field from an address. Unreadable values are ignored. */
export function settingsIn(parameters: URLSearchParams): Given {
  const ids = parameters.getAll("forced_ids").flatMap((each) => each.split(",").map(idOf));
  const messages = readMessages(parameters.get("messages"));
  return {
    ...(messages && { messages }),
    ...(ids.length > 0 && ids.every(Number.isInteger) && { forced_ids: ids }),
  };
}

/** Returns NaN for text that is not an id; Number("") would be 0. */
const idOf = (written: string): number => (written.trim() === "" ? Number.NaN : Number(written));

function readMessages(json: string | null): Given["messages"] {
  try {
    const value: unknown = JSON.parse(json ?? "null");
    return Array.isArray(value) && value.length > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the query parameters of a run that has started: all settings that differ from the
 * defaults, including the seed that was drawn.
 */
export function runParameters(
  fields: readonly SettingField[],
  settings: Readonly<Record<string, unknown>>,
): Pair[] {
  const values = Object.fromEntries(fields.map((field) => [field.name, asTyped(field, settings)]));
  const { messages, forced_ids } = settings as Given;
  const parameters = formParameters(fields, values, {
    ...(messages && { messages }),
    ...(forced_ids && { forced_ids }),
  });
  // The model is named even if it is the default, since another server may have another default.
  const named = parameters.some(([name]) => name === "model");
  return named ? parameters : [["model", String(settings.model)], ...parameters];
}

/** Returns a setting as its form value. */
function asTyped(field: SettingField, settings: Readonly<Record<string, unknown>>): string {
  const value = settingOf(field, settings);
  if (value === undefined || value === null) return field.kind === "text" ? field.initial : "";
  if (!Array.isArray(value)) return String(value);
  return value.map((each) => lineOf(String(each))).join("\n");
}

/** Returns the value of a field in a run's settings; undefined if it is not recorded. */
function settingOf(field: SettingField, settings: Readonly<Record<string, unknown>>): unknown {
  const part = "part" in field ? (field.part as { of: string; name: string }) : null;
  if (!part) return settings[field.name];
  return (settings[part.of] as Record<string, unknown> | null | undefined)?.[part.name];
}

/**
 * Returns the settings of the form that differ from those of a run, with the run's values. An empty
 * field means no difference: without a seed, a prompt or a model the form does not say what runs.
 *
 * @param limit the token limit that the run was first requested with
 */
export function changedSettings(
  fields: readonly SettingField[],
  values: FormValues,
  settings: Readonly<Record<string, unknown>>,
  limit: number | null,
): FormValues {
  const ran = limit === null ? settings : { ...settings, max_new_tokens: limit };
  const changed = fields.filter((field) => {
    const { name, part } = field;
    // Breakpoints also apply to a run that is continued. Panels choose what is captured.
    if (name === "capture" || part?.of === "breakpoints") return false;
    if (name === "prompt" && settings.messages) return false;
    const value = values[name] ?? field.initial;
    const isUnset = value === "" && field.kind !== "texts";
    if (isUnset || settingOf(field, ran) === undefined) return false;
    return !isSame(field, value, asTyped(field, ran));
  });
  return Object.fromEntries(changed.map((field) => [field.name, asTyped(field, ran)]));
}
