/**
 * Typed fields of a `config.json`, and which fields are supported. The lists are those of
 * `config_fields.py`; a test compares them.
 */

import { damaged, type LocalError, unsupported } from "../errors";

export type Config = Readonly<Record<string, unknown>>;

/** Fields that do not change the numbers of a model. */
export const CHANGES_NOTHING: ReadonlySet<string> = new Set([
  ...["attention_dropout", "attn_pdrop", "embd_pdrop", "initializer_range", "resid_pdrop"],
  ...["residual_dropout", "pretraining_tp", "architectures", "auto_map", "bos_token_id", "dtype"],
  ...["eos_token_id", "id2label", "is_llama_config", "label2id", "model_type", "pad_token_id"],
  ...["problem_type", "return_dict", "sep_token_id", "task_specific_params", "torch_dtype"],
  ...["transformers.js_config", "transformers_version", "unk_token_id", "unsloth_version"],
  ...["use_cache", "summary_activation", "summary_first_dropout", "summary_proj_to_labels"],
  ...["summary_type", "summary_use_proj", "max_window_layers"],
]);

/** Fields of which one value is supported, besides null. */
export const MUST_BE: Readonly<Record<string, unknown>> = {
  chunk_size_feed_forward: 0,
  partial_rotary_factor: 1,
  scale_attn_weights: true,
};

/** The configuration as an object. */
export function configOf(given: unknown): Config {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw damaged("configNoObject");
  }
  return given as Config;
}

/** Checks that each field is in `read` or has no effect on the numbers. */
export function checkFields(config: Config, read: ReadonlySet<string>): void {
  for (const [name, value] of Object.entries(config)) {
    if (name.startsWith("_") || isNothing(value)) continue;
    if (read.has(name) || CHANGES_NOTHING.has(name)) continue;
    if (name in MUST_BE && value === MUST_BE[name]) continue;
    if (name === "layer_types" && Array.isArray(value)) {
      if (value.every((each) => each === "full_attention")) continue;
    }
    throw wrong(name, value);
  }
}

const isNothing = (value: unknown) =>
  value === null ||
  value === undefined ||
  value === false ||
  (typeof value === "object" && !Array.isArray(value) && Object.keys(value).length === 0);

/** A whole number above 0; `fallback` where the field is missing. */
export function size(config: Config, name: string, fallback?: number): number {
  const value = fieldOf(config, name, fallback);
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) {
    throw wrong(name, value);
  }
  return value;
}

/** A finite number above 0; `fallback` where the field is missing. */
export function positive(config: Config, name: string, fallback?: number): number {
  const value = fieldOf(config, name, fallback);
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) throw wrong(name, value);
  return value;
}

export function flag(config: Config, name: string, fallback: boolean): boolean {
  const value = fieldOf(config, name, fallback);
  if (typeof value !== "boolean") throw wrong(name, value);
  return value;
}

export function oneOf<T extends string>(
  config: Config,
  name: string,
  known: readonly T[],
  fallback: T,
): T {
  const value = fieldOf(config, name, fallback);
  const found = known.find((each) => each === value);
  if (found === undefined) throw wrong(name, value);
  return found;
}

/** An error of a field whose value is not supported. */
export function wrong(name: string, value: unknown): LocalError {
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  return unsupported("configField", name, String(shown).slice(0, 80));
}

function fieldOf(config: Config, name: string, fallback: unknown): unknown {
  const value = config[name] ?? fallback;
  if (value === undefined) throw unsupported("configLacks", name);
  return value;
}

/**
 * The ids that end a text, as transformers takes them: of the generation configuration if there is
 * one, else of the configuration. Ids outside the vocabulary are ignored.
 */
export function eosIds(config: Config, generation: Config | null, vocabulary: number): number[] {
  const stated = (generation ?? config).eos_token_id ?? [];
  const given: unknown[] = Array.isArray(stated) ? stated : [stated];
  return given
    .map((id) => {
      if (!Number.isSafeInteger(id)) throw damaged("eosNoIds");
      return id as number;
    })
    .filter((id) => id >= 0 && id < vocabulary);
}
