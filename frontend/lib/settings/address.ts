import type { SettingField } from "./fields";
import { type FormValues, toJson } from "./form-values";

/**
 * The address bar and the API's GET know the settings by the same names, so a link to the page
 * is a link to the run. A list is the parameter repeated, an object is JSON.
 */
export function toQuery(fields: readonly SettingField[], values: FormValues): string {
  const query = new URLSearchParams();
  const objects = new Map<string, Record<string, unknown>>();
  for (const field of fields) {
    const { name, kind, initial, part } = field;
    const value = values[name] ?? initial;
    if (value === initial) continue;
    if (part) {
      objects.set(part.of, { ...objects.get(part.of), [part.name]: toJson(field, value) });
      continue;
    }
    const parts = kind === "texts" ? value.split("\n").filter(Boolean) : [value];
    for (const each of parts) query.append(name, each);
  }
  for (const [name, object] of objects) query.append(name, JSON.stringify(object));
  return query.toString();
}

/** The values that a query names; unknown names are no concern of the form. */
export function fromQuery(fields: readonly SettingField[], query: string): FormValues {
  const parameters = new URLSearchParams(query);
  const named = fields.flatMap(({ name, part }) => {
    const value = part
      ? partIn(parameters.get(part.of), part.name)
      : parameters.has(name) && parameters.getAll(name).join("\n");
    return typeof value === "string" ? [[name, value]] : [];
  });
  return Object.fromEntries(named);
}

/** One part of an object in JSON, as text; what is no such object has none. */
function partIn(json: string | null, name: string): string | null {
  try {
    const value = (JSON.parse(json ?? "null") as Record<string, unknown> | null)?.[name];
    return ["string", "number", "boolean"].includes(typeof value) ? String(value) : null;
  } catch {
    return null;
  }
}
