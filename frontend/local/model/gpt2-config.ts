/** Reads the `config.json` of a GPT-2. */

import { unsupported } from "../errors";
import { type Config, checkFields, flag, oneOf, positive, size } from "./config-fields";

export interface Gpt2Config {
  readonly className: string;
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
  readonly width: number;
  readonly inner: number;
  readonly vocabulary: number;
  readonly context: number;
  readonly epsilon: number;
  readonly activation: "gelu_tanh" | "relu";
  readonly tied: boolean;
}

const READ: ReadonlySet<string> = new Set([
  ...["activation_function", "layer_norm_epsilon", "n_ctx", "n_embd", "n_head", "n_inner"],
  ...["n_layer", "n_positions", "tie_word_embeddings", "vocab_size"],
]);
const ACTIVATIONS = ["gelu_new", "gelu_pytorch_tanh", "relu"] as const;

/** Throws a `LocalError` (unsupported_model) that names what is not supported. */
export function readGpt2Config(given: Config): Gpt2Config {
  checkFields(given, READ);
  if ("scale_attn_weights" in given && given.scale_attn_weights !== true) {
    throw unsupported("unscaled");
  }
  const [width, heads] = [size(given, "n_embd", 768), size(given, "n_head", 12)];
  const inner = size(given, "n_inner", 4 * width);
  if (width % heads) throw unsupported("widthOfHeads", width, heads);
  if ((width / heads) % 4) throw unsupported("headDimension", width / heads);
  // The engine multiplies 32 outputs at a time.
  if (width % 32) throw unsupported("noMultiple", "n_embd", width);
  if (inner % 32) throw unsupported("noMultiple", "n_inner", inner);
  const activation = oneOf(given, "activation_function", ACTIVATIONS, "gelu_new");
  return {
    className: "GPT2LMHeadModel",
    layers: size(given, "n_layer", 12),
    heads,
    headDim: width / heads,
    width,
    inner,
    vocabulary: size(given, "vocab_size", 50257),
    context: size(given, "n_positions", 1024),
    epsilon: positive(given, "layer_norm_epsilon", 1e-5),
    activation: activation === "relu" ? "relu" : "gelu_tanh",
    tied: flag(given, "tie_word_embeddings", true),
  };
}
