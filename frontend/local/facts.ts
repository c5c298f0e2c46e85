/** What the engine in Python decides and this one follows: `scripts/local-facts.py` writes it. */
import facts from "./facts.json";

export const LIMITS = facts.limits;
/** The probes that only a server has. */
export const SERVER_PROBES: readonly string[] = [];
export const PROBES = facts.probes.filter(({ name }) => !SERVER_PROBES.includes(name));
/** The probes that measure in every run. */
export const ALWAYS: readonly string[] = facts.always;
export const DEFAULT_PROBES: readonly string[] = facts.default_probes;
export const PLAIN_ROLES: readonly string[] = facts.plain_roles;

/** A setting: what its value may be. */
export interface Field {
  /** A text if there is neither a type nor fields. */
  readonly type?: "boolean" | "integer" | "number" | "array";
  /** Of an object. */
  readonly fields?: Fields;
  readonly items?: Field;
  readonly nullable?: true;
  readonly required?: true;
  /** Null if it is absent. */
  readonly default?: unknown;
  readonly oneOf?: readonly string[];
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  /** Of a text or list. */
  readonly shortest?: number;
  readonly longest?: number;
}

export type Fields = Readonly<Record<string, Field>>;

export const SETTINGS = facts.settings as unknown as Fields;
