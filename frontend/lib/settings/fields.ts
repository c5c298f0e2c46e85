/** What a form needs to know of one setting; read from the engine's JSON schema at build time. */
export interface SettingField {
  readonly name: string;
  readonly kind: "integer" | "number" | "text" | "texts" | "choice";
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
  readonly components: { readonly schemas: { readonly RunSettings: unknown } };
}

/** Given by an earlier run, not by a person. */
const FROM_A_RUN = new Set(["resume"]);

/** The settings that a form can show, by name; lists of numbers and objects are not among them. */
export function settingFields(document: Document): SettingField[] {
  const { properties } = document.components.schemas.RunSettings as {
    properties: Record<string, Schema>;
  };
  return Object.entries(properties).flatMap(([name, schema]) => {
    const field = FROM_A_RUN.has(name) ? null : settingField(name, schema);
    return field ? [field] : [];
  });
}

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
  if (schema.type === "string") return "text";
  return schema.type === "array" && schema.items?.type === "string" ? "texts" : null;
}

function initialOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return Array.isArray(value) ? value.join("\n") : String(value);
}
