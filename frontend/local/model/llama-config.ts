/** Reads the `config.json` of a Llama, or of a model type that is built like it. */

import { unsupported } from "../errors";
import { type Config, checkFields, flag, oneOf, positive, size } from "./config-fields";
import { type Rope, readRope, stretchedContext } from "./rope";

export interface LlamaConfig {
  readonly className: string;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly width: number;
  readonly inner: number;
  readonly vocabulary: number;
  /** The length that the configuration states. */
  readonly positions: number;
  /** The longest text, with stretched rotary embeddings. */
  readonly context: number;
  readonly epsilon: number;
  readonly rope: Rope;
  readonly tied: boolean;
}

const READ: ReadonlySet<string> = new Set([
  ...["attention_bias", "head_dim", "hidden_act", "hidden_size", "intermediate_size"],
  ...["max_position_embeddings", "mlp_bias", "num_attention_heads", "num_hidden_layers"],
  ...["num_key_value_heads", "rms_norm_eps", "rope_parameters", "rope_scaling", "rope_theta"],
  ...["tie_word_embeddings", "vocab_size"],
]);

/** Throws a `LocalError` (unsupported_model) that names what is not supported. */
export function readLlamaConfig(given: Config): LlamaConfig {
  const isMistral = given.model_type === "mistral";
  checkFields(given, isMistral ? new Set([...READ, "sliding_window"]) : READ);
  // The default of Mistral is a window.
  if (isMistral && given.sliding_window !== null) throw unsupported("slidingWindow");
  if (!isMistral && flag(given, "attention_bias", false)) {
    throw unsupported("attentionBiases");
  }
  if (!isMistral && flag(given, "mlp_bias", false)) throw unsupported("mlpBiases");
  oneOf(given, "hidden_act", ["silu", "swish"], "silu");
  const [width, heads] = [size(given, "hidden_size"), size(given, "num_attention_heads")];
  if (width % heads && given.head_dim == null) {
    throw unsupported("widthOfHeads", width, heads);
  }
  const positions = size(given, "max_position_embeddings");
  const rope = readRope(given, positions);
  const config: LlamaConfig = {
    className: isMistral ? "MistralForCausalLM" : "LlamaForCausalLM",
    layers: size(given, "num_hidden_layers"),
    heads,
    kvHeads: size(given, "num_key_value_heads", isMistral ? 8 : heads),
    headDim: size(given, "head_dim", width / heads),
    width,
    inner: size(given, "intermediate_size"),
    vocabulary: size(given, "vocab_size"),
    positions,
    context: stretchedContext(rope, given, positions),
    epsilon: positive(given, "rms_norm_eps", 1e-6),
    rope,
    tied: flag(given, "tie_word_embeddings", false),
  };
  checkSizes(config);
  return config;
}

/** The engine multiplies 32 outputs at a time, and rotates heads by 4 numbers. */
function checkSizes({ heads, kvHeads, headDim, width, inner }: LlamaConfig): void {
  if (heads % kvHeads || headDim % 4) {
    throw unsupported("headSizes");
  }
  const outputs = {
    hidden_size: width,
    "the number of queries, keys and values": (heads + 2 * kvHeads) * headDim,
    "twice intermediate_size": 2 * inner,
  };
  for (const [name, count] of Object.entries(outputs)) {
    if (count % 32) throw unsupported("noMultiple", name, count);
  }
}
