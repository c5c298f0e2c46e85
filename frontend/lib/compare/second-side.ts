import type { SettingField } from "@/lib/settings/fields";
import type { FormValues } from "@/lib/settings/form-values";

/** In the address, what the second run has otherwise than the first: `b.temperature=0.8`. */
export const PREFIX = "b.";

/** The values of the second form that are not those of the first. */
export function differing(
  fields: readonly SettingField[],
  first: FormValues,
  second: FormValues,
): FormValues {
  const names = fields.map(({ name }) => name);
  return Object.fromEntries(
    names
      .filter((name) => (second[name] ?? "") !== (first[name] ?? ""))
      .map((name) => [name, second[name] ?? ""]),
  );
}

export function differingFromQuery(
  fields: readonly SettingField[],
  query: URLSearchParams,
): FormValues {
  const named = fields.filter(({ name }) => query.has(PREFIX + name));
  return Object.fromEntries(named.map(({ name }) => [name, query.get(PREFIX + name) ?? ""]));
}

export const differingToQuery = (values: FormValues): [string, string][] =>
  Object.entries(values).map(([name, value]) => [PREFIX + name, value]);
