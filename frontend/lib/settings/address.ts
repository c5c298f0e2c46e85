import type { SettingField } from "./fields";
import { type FormValues, toJson } from "./form-values";
import { plainNumber } from "./numbers";
import { lineOf, linesOf } from "./text-lines";

/**
 * Returns the query of a form's values. The address bar and the API's GET use the same names, so a
 * link to the page is also a link to the run. A list is a repeated parameter, an object is JSON.
 */
export function toQuery(fields: readonly SettingField[], values: FormValues): string {
  const query = new URLSearchParams();
  const objects = new Map<string, Record<string, unknown>>();
  for (const field of fields) {
    const { name, initial, part } = field;
    const value = values[name] ?? initial;
    if (isSame(field, value, initial)) continue;
    if (part) {
      objects.set(part.of, { ...objects.get(part.of), [part.name]: toJson(field, value) });
      continue;
    }
    for (const each of toParameters(field, value)) query.append(name, each);
  }
  for (const [name, object] of objects) query.append(name, JSON.stringify(object));
  return query.toString();
}

/** Returns the form values that a query contains. Unknown parameters are ignored. */
export function fromQuery(
  fields: readonly SettingField[],
  query: string | URLSearchParams,
): FormValues {
  const parameters = new URLSearchParams(query);
  const named = fields.flatMap((field) => {
    const { name, part } = field;
    const value = part
      ? partIn(parameters.get(part.of), part.name)
      : parameters.has(name) && fromParameters(field, parameters.getAll(name));
    return typeof value === "string" ? [[name, value]] : [];
  });
  return Object.fromEntries(named);
}

/** Returns the values of a field's parameter: one per text for a list. */
export function toParameters(field: SettingField, value: string): string[] {
  if (field.kind === "texts") return linesOf(value);
  return [isNumeric(field) ? plainNumber(value) : value];
}

/** Returns the form value of a field from the values of its parameter. */
export function fromParameters(field: SettingField, given: readonly string[]): string {
  if (field.kind !== "texts") return given[0] ?? "";
  return given
    .filter((each) => each !== "")
    .map(lineOf)
    .join("\n");
}

/** Whether two values of a field mean the same, such as `0,80` and `0.8`. */
export const isSame = (field: SettingField, one: string, other: string): boolean =>
  one === other || (isNumeric(field) && plainNumber(one) === plainNumber(other));

const isNumeric = ({ kind }: SettingField): boolean => kind === "number" || kind === "integer";

/** Returns one property of a JSON object as text; null if it is missing or not a JSON object. */
function partIn(json: string | null, name: string): string | null {
  try {
    const value = (JSON.parse(json ?? "null") as Record<string, unknown> | null)?.[name];
    return ["string", "number", "boolean"].includes(typeof value) ? String(value) : null;
  } catch {
    return null;
  }
}
