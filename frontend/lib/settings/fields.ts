/** The description of one setting for a form, read from the engine's JSON schema at build time. */
export interface SettingField {
  readonly name: string;
  /** For a part of an object: the name of the setting and the name of the part. */
  readonly part?: { readonly of: string; readonly name: string };
  readonly kind: "integer" | "number" | "text" | "texts" | "choice" | "boolean";
  readonly description: string;
  /** The default as text, since all form values are text. */
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

/** Set by an earlier run, not by the visitor. */
const FROM_A_RUN: ReadonlySet<string> = new Set(["resume", "forced_texts", "breakpoints_after"]);

/**
 * Returns the settings that a form can show. The properties of an object setting become separate
 * fields.
 */
export function settingFields(document: Document): SettingField[] {
  const schemas = document.components.schemas as Record<string, Schema>;
  return Object.entries(schemas.RunSettings?.properties ?? {}).flatMap(([name, schema]) => {
    if (FROM_A_RUN.has(name)) return [];
    const parts = schemas[schema.$ref?.split("/").at(-1) ?? ""]?.properties;
    return parts ? partsOf(name, parts) : (settingField(name, schema) ?? []);
  });
}

/**
 * Returns fields for the properties of an object. Their names have no dot, which react-hook-form
 * would treat as nesting.
 */
function partsOf(of: string, parts: Record<string, Schema>): SettingField[] {
  return Object.entries(parts).flatMap(([name, schema]) => {
    const known = `${of}_${name}`;
    const field = FROM_A_RUN.has(known) ? null : settingField(known, schema);
    return field ? [{ ...field, part: { of, name } }] : [];
  });
}

/** Returns the field's name in errors of the server: `tile.height`. */
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
