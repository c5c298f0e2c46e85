import type { SettingField } from "./fields";
import type { FormValues } from "./form-values";

/**
 * The address bar and the API's GET know the settings by the same names, so a link to the page
 * is a link to the run. A list is the parameter repeated.
 */
export function toQuery(fields: readonly SettingField[], values: FormValues): string {
  const query = new URLSearchParams();
  for (const { name, kind, initial } of fields) {
    const value = values[name] ?? initial;
    if (value === initial) continue;
    const parts = kind === "texts" ? value.split("\n").filter(Boolean) : [value];
    for (const part of parts) query.append(name, part);
  }
  return query.toString();
}

/** The values that a query names; unknown names are no concern of the form. */
export function fromQuery(fields: readonly SettingField[], query: string): FormValues {
  const parameters = new URLSearchParams(query);
  const named = fields.filter(({ name }) => parameters.has(name));
  return Object.fromEntries(named.map(({ name }) => [name, parameters.getAll(name).join("\n")]));
}
