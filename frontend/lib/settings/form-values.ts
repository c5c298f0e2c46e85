import type { RunRequest } from "@/lib/contract";
import { text } from "@/lib/text";
import type { SettingField } from "./fields";
import { parseNumber } from "./numbers";
import { linesOf } from "./text-lines";

/** What stands in the form, all of it text. */
export type FormValues = Record<string, string>;

export const initialValues = (fields: readonly SettingField[]): FormValues =>
  Object.fromEntries(fields.map((field) => [field.name, field.initial]));

/** Why a value cannot be sent, or null when it can. */
export function problemOf(field: SettingField, value: string): string | null {
  if (field.kind === "texts" || field.kind === "boolean") return null;
  if (field.kind === "text") {
    return value === "" && !(field.part && field.optional) ? text.form.problems.empty : null;
  }
  if (field.kind === "choice") {
    return field.choices?.includes(value) ? null : text.form.problems.choice(field.choices ?? []);
  }
  if (value.trim() === "") return field.optional ? null : text.form.problems.number;
  const number = parseNumber(value, field);
  if (typeof number === "string") return text.form.problems[number];
  if (!Number.isFinite(number)) return text.form.problems.number;
  if (field.kind === "integer" && !Number.isInteger(number)) return text.form.problems.integer;
  const inRange =
    number >= (field.minimum ?? Number.NEGATIVE_INFINITY) &&
    number > (field.exclusiveMinimum ?? Number.NEGATIVE_INFINITY) &&
    number <= (field.maximum ?? Number.POSITIVE_INFINITY);
  return inRange ? null : text.form.problems.range(rangeOf(field));
}

/** The allowed range in words, empty where there is none. */
export function rangeOf({ minimum, exclusiveMinimum, maximum }: SettingField): string {
  const low = minimum ?? exclusiveMinimum;
  if (low === undefined) return maximum === undefined ? "" : text.form.range.upTo(maximum);
  const from = minimum === undefined ? text.form.range.above(low) : text.form.range.from(low);
  return maximum === undefined ? from : text.form.range.to(from, maximum);
}

/** The server may be set up with another default model than the schema's. */
const ALWAYS_SENT = new Set(["model", "prompt"]);

/** The request that these values ask for; what stands at its default is left to the server. */
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
    // A form with such a value is not sent; its link keeps what was written.
    return typeof number === "number" ? number : value;
  }
  return field.kind === "texts" ? linesOf(value) : value;
}
