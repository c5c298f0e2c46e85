import openapi from "./openapi.json";

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
}

const schemas = openapi.components.schemas as unknown as Record<string, Schema>;

const isNullable = (schema: Schema): boolean =>
  schema.anyOf?.some(({ type }) => type === "null") === true;

function resolved(schema: Schema): Schema {
  const named = schema.$ref && schemas[schema.$ref.split("/").at(-1) ?? ""];
  const known = named || schema;
  const options = known.anyOf?.filter(({ type }) => type !== "null");
  return options?.[0] ? resolved(options[0]) : known;
}

const isArray = (schema: Schema): boolean =>
  schema.$ref?.endsWith("/Array") === true || schema.anyOf?.some(isArray) === true;

/** Returns numbers in as many dimensions as the description names: `[n_layers][n_heads]`. */
function arrayOf({ description = "" }: Schema): unknown {
  const axes = /^(\[[^\]]*\])+/.exec(description)?.[0].split("][").length ?? 1;
  let value: unknown = [0.5, null];
  for (let axis = 1; axis < axes; axis++) value = [value, null];
  return value;
}

/**
 * Returns a value that matches a schema of the contract. It has every field, and its lists have one
 * item.
 */
export function sampleOf(given: Schema): unknown {
  if (isArray(given)) return arrayOf(given);
  const schema = resolved(given);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.type === "integer" || schema.type === "number") return schema.minimum ?? 1;
  if (schema.type === "string") return "text";
  if (schema.type === "boolean") return true;
  if (schema.type === "array") return schema.items ? [sampleOf(schema.items)] : [];
  const fields = Object.entries(schema.properties ?? {});
  return Object.fromEntries(fields.map(([name, field]) => [name, sampleOf(field)]));
}

export const sampleOfType = (name: string): unknown =>
  sampleOf({ $ref: `#/components/schemas/${name}` });

/** A sample in which one value is null or absent. */
export interface Gap {
  readonly path: string;
  readonly value: unknown;
}

/** Returns one sample for each field, at any depth, that may be null or absent. */
export const gapsOf = (name: string): readonly Gap[] =>
  gaps({ $ref: `#/components/schemas/${name}` }, name);

function gaps(given: Schema, path: string): Gap[] {
  if (isArray(given)) return [];
  const schema = resolved(given);
  if (schema.type === "array" && schema.items) {
    const inner = gaps(schema.items, `${path}[0]`).map(({ path, value }) => ({
      path,
      value: [value],
    }));
    return [{ path: `${path} empty`, value: [] }, ...inner];
  }
  const whole = sampleOf(given) as Record<string, unknown>;
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = `${path}.${name}`;
    const { [name]: _, ...without } = whole;
    const own: Gap[] = [
      ...(isNullable(field) ? [{ path: `${at} null`, value: { ...whole, [name]: null } }] : []),
      ...(schema.required?.includes(name) ? [] : [{ path: `${at} absent`, value: without }]),
    ];
    const inner = gaps(field, at).map((gap) => ({
      ...gap,
      value: { ...whole, [name]: gap.value },
    }));
    return [...own, ...inner];
  });
}
