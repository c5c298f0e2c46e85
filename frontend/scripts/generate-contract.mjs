/**
 * Generates a validator and a TypeScript type for each schema of lib/contract/openapi.json that the
 * site reads or sends. With --check it only compares and fails if a file is out of date.
 *
 * The validators are as strict as the schemas, except where that would reject other servers or
 * older recordings:
 * - unknown fields are ignored,
 * - a missing field with a default gets the default,
 * - the limits of settings are not checked, because each server has its own,
 * - every field of a problem document may be missing (RFC 9457), because a proxy may have written
 *   it.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../lib/contract/", import.meta.url));
/**
 * The root schemas by file; everything they refer to is generated too. Schemas that a first run
 * does not need have files of their own, which are loaded later.
 */
const FILES = {
  "schemas.ts": ["Event", "ModelList", "Problem"],
  "compare-schemas.ts": ["CompareEvent"],
  "training-schemas.ts": ["Look"],
};
const SETTINGS = ["RunSettings"];
const PARTIAL = new Set(["Problem"]);
/** Keywords that do not constrain a value, or that are ignored as described above. */
const IGNORED = new Set(["title", "description", "default", "contentEncoding"]);
const LIMITS = new Set(
  "minimum maximum exclusiveMinimum minLength maxLength minItems maxItems".split(" "),
);

const { schemas } = JSON.parse(readFileSync(`${FOLDER}openapi.json`, "utf8")).components;
const nameIn = (ref) => ref.split("/").at(-1);

/** Returns the names of these schemas and of all that they refer to, dependencies first. */
function inOrder(roots, order = []) {
  for (const name of roots) {
    if (order.includes(name)) continue;
    inOrder(references(schemas[name]), order);
    order.push(name);
  }
  return order;
}

function references(schema) {
  if (typeof schema !== "object" || schema === null) return [];
  const own = typeof schema.$ref === "string" ? [nameIn(schema.$ref)] : [];
  return [...own, ...Object.values(schema).flatMap(references)];
}

const settings = new Set(inOrder(SETTINGS));

/** Returns the source of the valibot schema for a JSON schema. */
function expression(schema, isSetting) {
  const { type, ...rest } = schema;
  const take = (...known) => {
    for (const key of Object.keys(rest)) {
      const isKnown = known.includes(key) || IGNORED.has(key) || (isSetting && LIMITS.has(key));
      if (!isKnown) throw new Error(`Unknown keyword ${key} in ${JSON.stringify(schema)}`);
    }
  };
  const inner = (each) => expression(each, isSetting);
  if (schema.$ref) {
    take("$ref");
    return `${nameIn(schema.$ref)}Schema`;
  }
  if ("const" in schema) {
    take("const");
    return `v.literal(${JSON.stringify(schema.const)})`;
  }
  if (schema.enum) {
    take("enum");
    return `v.picklist(${JSON.stringify(schema.enum)})`;
  }
  if (schema.oneOf) {
    take("oneOf", "discriminator");
    const { propertyName, mapping } = schema.discriminator;
    const options = Object.values(mapping).map(($ref) => inner({ $ref }));
    return `tagged(${JSON.stringify(propertyName)}, [${options.join(", ")}])`;
  }
  if (schema.anyOf) {
    take("anyOf");
    const options = schema.anyOf.filter((each) => each.type !== "null").map(inner);
    const some = options.length > 1 ? `v.union([${options.join(", ")}])` : options[0];
    return options.length < schema.anyOf.length ? `v.nullable(${some})` : some;
  }
  switch (type) {
    case "string":
    case "boolean":
    case "number":
      take();
      return type;
    case "integer":
      take("minimum");
      return isSetting || schema.minimum === undefined
        ? "integer"
        : `integerFrom(${schema.minimum})`;
    case "array":
      if (schema.prefixItems) {
        take("prefixItems", "minItems", "maxItems");
        return `v.strictTuple([${schema.prefixItems.map(inner).join(", ")}])`;
      }
      take("items");
      return `v.array(${inner(schema.items)})`;
    case "object":
      take("properties", "required", "additionalProperties");
      return schema.properties ? object(schema, inner) : record(schema, inner);
  }
  throw new Error(`Unknown schema: ${JSON.stringify(schema)}`);
}

function object({ properties, required = [] }, inner) {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const value = field(schema, required.includes(name), inner);
    return `${comment(schema)}${name}: ${value},`;
  });
  const value = `v.object({\n${fields.join("\n")}\n})`;
  const isEmptyAllowed = Object.entries(properties).every(
    ([name, schema]) => hasDefault(schema) || !required.includes(name),
  );
  return isEmptyAllowed ? `notArray(${value})` : value;
}

/** A constant distinguishes types and versions, so it is always required. */
const hasDefault = (schema) => "default" in schema && !("const" in schema);

function field(schema, isRequired, inner) {
  const value = inner(schema);
  if (hasDefault(schema)) return `v.optional(${value}, ${JSON.stringify(schema.default)})`;
  return isRequired ? value : `v.optional(${value})`;
}

function record({ additionalProperties }, inner) {
  const value = additionalProperties === true ? "v.unknown()" : inner(additionalProperties);
  return `notArray(v.record(string, ${value}))`;
}

const comment = ({ description }) =>
  description ? `/** ${description.replaceAll("*/", "* /").replaceAll("\n", "\n * ")} */\n` : "";

function definition(name) {
  const schema = PARTIAL.has(name) ? { ...schemas[name], required: [] } : schemas[name];
  return `${comment(schema)}export const ${name}Schema = ${expression(schema, settings.has(name))};
export type Wire${name} = v.InferOutput<typeof ${name}Schema>;
`;
}

/** Schemas that a file uses often are declared once. */
const SIMPLE = {
  string: "v.string()",
  boolean: "v.boolean()",
  number: "v.number()",
};

/** What valibot lacks, from lib/contract/json-types.ts. */
const TYPES = ["integer", "integerFrom", "notArray", "tagged"];

function source(names) {
  const body = names.map(definition).join("\n");
  const code = body.replace(/\/\*\*.*?\*\//gs, "");
  const used = [...new Set(code.match(/\b\w+Schema\b/g))];
  const others = used.filter((name) => !names.includes(name.replace(/Schema$/, "")));
  const uses = (name) => new RegExp(`\\b${name}\\b(?!:)`).test(code);
  const simple = Object.entries(SIMPLE).filter(([name]) => uses(name));
  const types = TYPES.filter(uses);
  return `// Generated from openapi.json by scripts/generate-contract.mjs (npm run contract).
import * as v from "valibot";
${types.length > 0 ? `import { ${types.join(", ")} } from "./json-types";\n` : ""}${others.length > 0 ? `import { ${others.join(", ")} } from "./schemas";\n` : ""}
${simple.map(([name, schema]) => `const ${name} = ${schema};\n`).join("")}
${body}`;
}

const biome = fileURLToPath(new URL("../node_modules/.bin/biome", import.meta.url));
const written = new Set();
for (const [file, roots] of Object.entries(FILES)) {
  const names = inOrder(roots).filter((name) => !written.has(name));
  const input = source(names);
  for (const name of names) written.add(name);
  const formatted = execFileSync(biome, ["format", `--stdin-file-path=${file}`], { input });
  if (!process.argv.includes("--check")) {
    writeFileSync(FOLDER + file, formatted);
  } else if (readFileSync(FOLDER + file, "utf8") !== formatted.toString()) {
    console.error(`lib/contract/${file} is stale. Run npm run contract and commit the file.`);
    process.exitCode = 1;
  }
}
