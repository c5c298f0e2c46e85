/** What a form needs to know of one setting; read from the engine's JSON schema at build time. */
export interface SettingField {
  readonly name: string;
  /** The setting that it is a part of and its name there, for parts of an object. */
  readonly part?: { readonly of: string; readonly name: string };
  readonly kind: "integer" | "number" | "text" | "texts" | "choice" | "boolean";
  readonly description: string;
  /** As it stands in the form: text, also for numbers. */
  readonly initial: string;
  readonly optional: boolean;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
}

interface Schema {
  readonly $ref?: string;
  readonly properties?: Record<string, Schema>;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

interface Document {
  readonly components: { readonly schemas: Record<"RunSettings", unknown> };
}

/** Given by an earlier run, not by a person. */
const FROM_A_RUN = new Set(["resume", "breakpoints_after"]);

/** The settings that a form can show; an object's parts are fields of their own. */
export function settingFields(document: Document): SettingField[] {
  const schemas = document.components.schemas as Record<string, Schema>;
  return Object.entries(schemas.RunSettings?.properties ?? {}).flatMap(([name, schema]) => {
    if (FROM_A_RUN.has(name)) return [];
    const parts = schemas[schema.$ref?.split("/").at(-1) ?? ""]?.properties;
    return parts ? partsOf(name, parts) : (settingField(name, schema) ?? []);
  });
}

/** A dot in a field's name would mean nesting to the form, so its name has none. */
function partsOf(of: string, parts: Record<string, Schema>): SettingField[] {
  return Object.entries(parts).flatMap(([name, schema]) => {
    const known = `${of}_${name}`;
    const field = FROM_A_RUN.has(known) ? null : settingField(known, schema);
    return field ? [{ ...field, part: { of, name } }] : [];
  });
}

/** The name by which the server speaks of a field: `tile.height`. */
export const nameToServer = ({ name, part }: SettingField): string =>
  part ? `${part.of}.${part.name}` : name;

function settingField(name: string, schema: Schema): SettingField | null {
  const value = schema.anyOf?.find((option) => option.type !== "null") ?? schema;
  const kind = kindOf(value);
  if (!kind) return null;
  const { minimum, exclusiveMinimum, maximum } = value;
  return {
    name,
    kind,
    description: (schema.description ?? "").replaceAll(/\s+/g, " "),
    initial: initialOf(schema.default),
    optional: kind === "texts" || schema.anyOf?.some((option) => option.type === "null") === true,
    ...(minimum !== undefined && { minimum }),
    ...(exclusiveMinimum !== undefined && { exclusiveMinimum }),
    ...(maximum !== undefined && { maximum }),
    ...(kind === "choice" && { choices: value.enum as string[] }),
  };
}

function kindOf(schema: Schema): SettingField["kind"] | null {
  if (schema.enum) return "choice";
  if (schema.type === "integer" || schema.type === "number") return schema.type;
  if (schema.type === "boolean") return "boolean";
  if (schema.type === "string") return "text";
  return schema.type === "array" && schema.items?.type === "string" ? "texts" : null;
}

function initialOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return Array.isArray(value) ? value.join("\n") : String(value);
}
