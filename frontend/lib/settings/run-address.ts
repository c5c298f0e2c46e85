import type { RunRequest } from "@/lib/contract";
import { toQuery } from "./address";
import type { SettingField } from "./fields";
import { type FormValues, toRequest } from "./form-values";
import { lineOf } from "./text-lines";

/** What a run can be asked for and no field of the form shows: it stands in the link only. */
export type Given = Pick<RunRequest, "messages" | "forced_ids">;

const GIVEN = ["messages", "forced_ids"] as const;

type Pair = readonly [string, string];

/** Whether a parameter of the address is a setting of a run. */
export const isSetting =
  (fields: readonly SettingField[]) =>
  (name: string): boolean =>
    GIVEN.includes(name as (typeof GIVEN)[number]) ||
    fields.some((field) => serverName(field) === name);

/** A field that is a part of an object stands in the object's parameter. */
const serverName = (field: SettingField): string =>
  "part" in field ? (field.part as { of: string }).of : field.name;

/** The parameters of what stands in the form, with what is given beside it. */
export function formParameters(
  fields: readonly SettingField[],
  values: FormValues,
  given: Given,
): Pair[] {
  const query = [...new URLSearchParams(toQuery(fields, values))];
  // A conversation takes the place of the prompt.
  const kept = given.messages ? query.filter(([name]) => name !== "prompt") : query;
  return [...kept, ...givenParameters(given)];
}

/** The request of the form, with what is given beside it. */
export function runRequest(
  fields: readonly SettingField[],
  values: FormValues,
  given: Given,
  capture: string[],
): RunRequest {
  const { prompt, ...asked } = toRequest(fields, values);
  const prompted = given.messages || prompt === undefined ? {} : { prompt };
  return { ...asked, ...prompted, ...given, capture };
}

/** As the API's GET takes them: ids repeated, a conversation as JSON. */
function givenParameters({ messages, forced_ids }: Given): Pair[] {
  const ids = (forced_ids ?? []).map((id): Pair => ["forced_ids", String(id)]);
  return messages ? [["messages", JSON.stringify(messages)], ...ids] : ids;
}

/** What an address gives beside the form's settings; what cannot be read is left out. */
export function givenIn(parameters: URLSearchParams): Given {
  const ids = parameters.getAll("forced_ids").flatMap((each) => each.split(",").map(idOf));
  const messages = readMessages(parameters.get("messages"));
  return {
    ...(messages && { messages }),
    ...(ids.length > 0 && ids.every(Number.isInteger) && { forced_ids: ids }),
  };
}

/** NaN for what is no id; an empty text would be 0 otherwise. */
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
 * The parameters of a run as it really was: all that differs from the defaults, the seed that was
 * drawn among it.
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
  // Named even where it is the default: the default of another server may be another model.
  const named = parameters.some(([name]) => name === "model");
  return named ? parameters : [["model", String(settings.model)], ...parameters];
}

/** A setting as it would stand in the form. */
function asTyped(field: SettingField, settings: Readonly<Record<string, unknown>>): string {
  const part = "part" in field ? (field.part as { of: string; name: string }) : null;
  const value = part
    ? (settings[part.of] as Record<string, unknown> | null | undefined)?.[part.name]
    : settings[field.name];
  if (value === undefined || value === null) return field.kind === "text" ? field.initial : "";
  if (!Array.isArray(value)) return String(value);
  return value.map((each) => lineOf(String(each))).join("\n");
}
