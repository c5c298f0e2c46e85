import type { RunRequest } from "@/lib/contract";
import type { SettingField } from "./fields";
import { parseNumber } from "./numbers";
import { linesOf } from "./text-lines";
import { words } from "./words";

/** The values of the form, all of them text. */
export type FormValues = Record<string, string>;

export const initialValues = (fields: readonly SettingField[]): FormValues =>
  Object.fromEntries(fields.map((field) => [field.name, field.initial]));

/** Returns why a value is invalid, or null. */
export function problemOf(field: SettingField, value: string): string | null {
  if (field.kind === "texts" || field.kind === "boolean") return null;
  if (field.kind === "text") {
    // Without a model, the server's default runs.
    const mayBeEmpty = field.name === "model" || (field.part && field.optional);
    return value === "" && !mayBeEmpty ? words.problems.empty : null;
  }
  if (field.kind === "choice") {
    return field.choices?.includes(value) ? null : words.problems.choice(field.choices ?? []);
  }
  if (value.trim() === "") return field.optional ? null : words.problems.number;
  const number = parseNumber(value, field);
  if (typeof number === "string") return words.problems[number];
  if (!Number.isFinite(number)) return words.problems.number;
  if (field.kind === "integer" && !Number.isInteger(number)) return words.problems.integer;
  const inRange =
    number >= (field.minimum ?? Number.NEGATIVE_INFINITY) &&
    number > (field.exclusiveMinimum ?? Number.NEGATIVE_INFINITY) &&
    number <= (field.maximum ?? Number.POSITIVE_INFINITY);
  return inRange ? null : words.problems.range(rangeOf(field));
}

/** Describes the allowed range; empty if there is none. */
export function rangeOf({ minimum, exclusiveMinimum, maximum }: SettingField): string {
  const low = minimum ?? exclusiveMinimum;
  if (low === undefined) return maximum === undefined ? "" : words.range.upTo(maximum);
  const from = minimum === undefined ? words.range.above(low) : words.range.from(low);
  return maximum === undefined ? from : words.range.to(from, maximum);
}

/** Sent even if it is the default: the model that the form shows is the one that runs. */
const ALWAYS_SENT: ReadonlySet<string> = new Set(["model", "prompt"]);

/** Returns the request of a form's values. Values that are the default are left out. */
export function toRequest(fields: readonly SettingField[], values: FormValues): RunRequest {
  const request: Record<string, unknown> = {};
  for (const field of fields) {
    const value = values[field.name] ?? field.initial;
    const isNumeric = field.kind === "integer" || field.kind === "number";
    if (isNumeric && value.trim() === "") continue;
    if (value === "" || (value === field.initial && !ALWAYS_SENT.has(field.name))) continue;
    const { name, part } = field;
    if (!part) request[name] = toJson(field, value);
    else request[part.of] = { ...(request[part.of] ?? {}), [part.name]: toJson(field, value) };
  }
  return request as RunRequest;
}

export function toJson(field: SettingField, value: string): string | number | boolean | string[] {
  if (field.kind === "boolean") return value === "true";
  if (field.kind === "integer" || field.kind === "number") {
    const number = parseNumber(value);
    // A form with an invalid number is not sent, but its link keeps the text.
    return typeof number === "number" ? number : value;
  }
  return field.kind === "texts" ? linesOf(value) : value;
}
