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

/** The part of JSON Schema that describes the settings. */
export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export const SETTINGS_SCHEMA: Schema = facts.settings;
