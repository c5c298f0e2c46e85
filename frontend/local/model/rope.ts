/**
 * Rotary position embeddings: the parameters that are supported, and the frequencies in float32, each
 * operation rounded as in `rope.py`, which gives the sources.
 */

import { unsupported } from "../errors";
import { type Config, configOf, flag, positive, wrong } from "./config-fields";

export interface Rope {
  readonly fields: Config;
  readonly type: string;
}

/** Radians per position of each pair of a head, and a factor of cos and sin. */
export interface Frequencies {
  readonly speeds: Float32Array;
  readonly scaling: number;
}

const DEFAULT_THETA = 10_000;
const ORIGINAL = "original_max_position_embeddings";

/** The parameters of each type of rotary embeddings; a test compares them with Python's. */
export const ROPE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  default: [],
  linear: ["factor"],
  llama3: ["factor", "low_freq_factor", "high_freq_factor", ORIGINAL],
  yarn: [
    ...["factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim"],
    ...[ORIGINAL, "truncate"],
  ],
};

const f = Math.fround;

/** Reads the parameters of a configuration, in the form of transformers 5 or of older files. */
export function readRope(config: Config, context: number): Rope {
  const stated = configOf(config.rope_scaling || config.rope_parameters || {});
  const fields: Record<string, unknown> = {
    rope_theta: config.rope_theta ?? DEFAULT_THETA,
    ...stated,
  };
  const type = String(fields.rope_type ?? fields.type ?? "default");
  const parameters = Object.hasOwn(ROPE_FIELDS, type) ? ROPE_FIELDS[type] : undefined;
  if (!parameters) throw unsupported("ropeType", type.slice(0, 80));
  if (type === "llama3" || type === "yarn") fields[ORIGINAL] ??= context;
  const known = new Set(["rope_type", "type", "rope_theta", ...parameters]);
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined) continue;
    if (!known.has(name)) {
      if (name === "partial_rotary_factor" && value === 1) continue;
      throw wrong(name, value);
    }
    if (!["rope_type", "type", "truncate"].includes(name)) positive(fields, name);
  }
  if (type === "linear" || type === "llama3") positive(fields, "factor");
  if (type === "llama3") {
    positive(fields, "low_freq_factor");
    positive(fields, "high_freq_factor");
  }
  return { fields, type };
}

/** The longest text: the types `linear` and `yarn` multiply the original length by their factor. */
export function stretchedContext({ fields, type }: Rope, config: Config, context: number): number {
  const factor = fields.factor;
  if ((type !== "linear" && type !== "yarn") || typeof factor !== "number") return context;
  const original = [config[ORIGINAL], fields[ORIGINAL]].find(
    (each): each is number => typeof each === "number" && Number.isSafeInteger(each) && each > 0,
  );
  return Math.max(context, Math.floor(factor * (original ?? context)));
}

/** The frequencies of a head of `dim` numbers. */
export function frequencies({ fields, type }: Rope, dim: number, context: number): Frequencies {
  const base = f(positive(fields, "rope_theta"));
  const wavelengths = Float32Array.from({ length: dim / 2 }, (_, i) => base ** f((2 * i) / dim));
  const speeds = wavelengths.map((each) => f(1 / each));
  if (type === "linear") {
    const factor = f(positive(fields, "factor"));
    return { speeds: speeds.map((speed) => speed / factor), scaling: 1 };
  }
  if (type === "llama3") return { speeds: llama3(speeds, fields), scaling: 1 };
  if (type === "yarn") return yarn(wavelengths, fields, dim, context);
  return { speeds, scaling: 1 };
}

/** Slow pairs are slowed by the factor, fast ones unchanged, those between interpolated. */
function llama3(speeds: Float32Array, fields: Config): Float32Array {
  const factor = f(positive(fields, "factor"));
  const length = positive(fields, ORIGINAL);
  const [low, high] = [positive(fields, "low_freq_factor"), positive(fields, "high_freq_factor")];
  return speeds.map((speed) => {
    const wavelength = f(f(2 * Math.PI) / speed);
    if (wavelength > f(length / low)) return f(speed / factor);
    if (wavelength < f(length / high)) return speed;
    const smooth = f(f(f(f(length) / wavelength) - f(low)) / f(high - low));
    return f(f(f(f(1 - smooth) * speed) / factor) + f(smooth * speed));
  });
}

/** Pairs that turn often within the original length are unchanged, slow ones are slowed. */
function yarn(wavelengths: Float32Array, fields: Config, dim: number, context: number) {
  const theta = positive(fields, "rope_theta");
  const length = positive(fields, ORIGINAL);
  const factor = fields.factor == null ? context / length : positive(fields, "factor");
  const pairWith = (turns: number) =>
    (dim * Math.log(length / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  let [low, high] = [
    pairWith(positive(fields, "beta_fast", 32)),
    pairWith(positive(fields, "beta_slow", 1)),
  ];
  if (flag(fields, "truncate", true)) [low, high] = [Math.floor(low), Math.ceil(high)];
  [low, high] = [Math.max(low, 0), Math.min(high, dim - 1)];
  if (low === high) high += 0.001;
  const speeds = wavelengths.map((wavelength, pair) => {
    const ramp = f(f(pair - f(low)) / f(high - low));
    const kept = f(1 - Math.min(Math.max(ramp, 0), 1));
    const slowed = f(1 / f(f(factor) * wavelength));
    return f(f(slowed * f(1 - kept)) + f(f(1 / wavelength) * kept));
  });
  return { speeds, scaling: yarnScaling(fields, factor) };
}

function yarnScaling(fields: Config, factor: number): number {
  const of = (scale: number) => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  if (fields.attention_factor != null) return positive(fields, "attention_factor");
  const [scale, all] = [fields.mscale, fields.mscale_all_dim];
  return typeof scale === "number" && typeof all === "number" ? of(scale) / of(all) : of(1);
}
