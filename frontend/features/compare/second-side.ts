import { fromParameters, isSame, toParameters } from "@/lib/settings/address";
import type { SettingField } from "@/lib/settings/fields";
import type { FormValues } from "@/lib/settings/form-values";

/** Prefix in the address for settings of the second run that differ: `b.temperature=0.8`. */
export const PREFIX = "b.";

/** Returns the values of the second form that differ from the first. */
export function differing(
  fields: readonly SettingField[],
  first: FormValues,
  second: FormValues,
): FormValues {
  return Object.fromEntries(
    fields
      .filter((field) => !isSame(field, second[field.name] ?? "", first[field.name] ?? ""))
      .map(({ name }) => [name, second[name] ?? ""]),
  );
}

export function differingFromQuery(
  fields: readonly SettingField[],
  query: URLSearchParams,
): FormValues {
  const named = fields.filter(({ name }) => query.has(PREFIX + name));
  return Object.fromEntries(
    named.map((field) => [field.name, fromParameters(field, query.getAll(PREFIX + field.name))]),
  );
}

export function differingToQuery(
  fields: readonly SettingField[],
  values: FormValues,
): [string, string][] {
  return fields.flatMap((field): [string, string][] => {
    const value = values[field.name];
    if (value === undefined) return [];
    const written = toParameters(field, value);
    // An empty list must be in the address too, because it differs from the first run's.
    return (written.length > 0 ? written : [""]).map((each) => [PREFIX + field.name, each]);
  });
}
