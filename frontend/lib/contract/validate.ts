import { type BaseIssue, type GenericSchema, type InferOutput, safeParse } from "valibot";

/** Data from the server or from a recording does not match the contract. */
export class ContractMismatch extends Error {
  constructor(
    /** The field, such as `token.top[0].prob`. */
    readonly where: string,
    readonly problem: string,
  ) {
    super(`${where}: ${problem}`);
    this.name = "ContractMismatch";
  }
}

/**
 * Validates a value against a generated schema. Returns it with defaults filled in and unknown
 * fields removed. `name` is the name of the value in error messages. Throws ContractMismatch.
 */
export function validated<S extends GenericSchema>(
  schema: S,
  value: unknown,
  name: string,
): InferOutput<S> {
  const result = safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const { path, issue } = innermost(result.issues[0]);
  throw new ContractMismatch(fieldOf(name, path), problemOf(issue));
}

/** Parses JSON without validating it. Throws ContractMismatch. */
export function parseJson(json: string): { readonly type?: unknown; readonly v?: unknown } | null {
  try {
    return JSON.parse(json);
  } catch {
    throw new ContractMismatch("event", "is not valid JSON");
  }
}

/** Validates an event; error messages name it by its type. Throws ContractMismatch. */
export function validatedEvent<S extends GenericSchema>(
  schema: S,
  wire: { readonly type?: unknown } | null,
): InferOutput<S> {
  return validated(schema, wire, typeof wire?.type === "string" ? wire.type : "event");
}

type Path = readonly unknown[];
type Issue = BaseIssue<unknown>;

/** For a union, returns the first issue inside an option, with its path; otherwise the issue. */
function innermost(issue: Issue, outer: Path = []): { readonly path: Path; readonly issue: Issue } {
  const path = [...outer, ...(issue.path ?? []).map(({ key }) => key)];
  const inner = issue.issues?.find((each) => each.path);
  return inner ? innermost(inner, path) : { path, issue };
}

function fieldOf(name: string, path: Path): string {
  // If the type is unknown, it cannot serve as the name of the event.
  if (path.length === 1 && path[0] === "type") return "type";
  return path.reduce<string>(
    (field, key) => (typeof key === "number" ? `${field}[${key}]` : `${field}.${key}`),
    name,
  );
}

const MAX_SHOWN = 80;

function problemOf(issue: Issue): string {
  if (issue.input === undefined) return "is missing";
  const json = JSON.stringify(issue.input);
  const shown = json.length > MAX_SHOWN ? `${json.slice(0, MAX_SHOWN)}…` : json;
  return `expected ${expectedBy(issue)}, got ${shown}`;
}

const NAMES: Readonly<Record<string, string>> = {
  number: "a number",
  string: "a string",
  boolean: "a boolean",
  Array: "an array",
  Object: "an object",
};

/** Describes the expected type. Valibot writes a union as `(number | Array)`. */
function expectedBy({ type, expected, message }: Issue): string {
  if (type === "custom") return message;
  const options = (expected ?? type).replace(/^\(|\)$/g, "").split(" | ");
  return options.map((each) => NAMES[each] ?? each).join(" or ");
}
