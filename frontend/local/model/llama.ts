/** Where the weights of a Llama are placed in the engine's memory. */

import type { ModelDescription } from "./description";
import type { LlamaConfig } from "./llama-config";
import { frequencies } from "./rope";
import { HEAD, type NamedWeights, type Naming, type Shapes } from "./tensors";

export const LLAMA_NAMING: Naming = {
  prefix: "model.",
  ignored: /rotary_emb\.inv_freq$/,
  embedding: "model.embed_tokens.weight",
};
const FINAL_NORM = "model.norm.weight";

const layerName = (layer: number, part: string) => `model.layers.${layer}.${part}.weight`;

/** The products of a layer in the engine's order, each of concatenated linear layers. */
const PRODUCTS: readonly (readonly string[])[] = [
  ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
  ["self_attn.o_proj"],
  ["mlp.gate_proj", "mlp.up_proj"],
  ["mlp.down_proj"],
];
const NORMS = ["input_layernorm", "post_attention_layernorm"];

/** Names and shapes of all weights. */
export function llamaShapes(config: LlamaConfig): Shapes {
  const { width, inner, headDim, vocabulary } = config;
  const [queries, keys] = [config.heads * headDim, config.kvHeads * headDim];
  const shapes = new Map<string, readonly number[]>([
    [LLAMA_NAMING.embedding, [vocabulary, width]],
    [FINAL_NORM, [width]],
  ]);
  if (!config.tied) shapes.set(HEAD, [vocabulary, width]);
  const block: Record<string, readonly number[]> = {
    "self_attn.q_proj": [queries, width],
    "self_attn.k_proj": [keys, width],
    "self_attn.v_proj": [keys, width],
    "self_attn.o_proj": [width, queries],
    "mlp.gate_proj": [inner, width],
    "mlp.up_proj": [inner, width],
    "mlp.down_proj": [width, inner],
    input_layernorm: [width],
    post_attention_layernorm: [width],
  };
  for (let layer = 0; layer < config.layers; layer++) {
    for (const [part, shape] of Object.entries(block)) shapes.set(layerName(layer, part), shape);
  }
  return shapes;
}

export function describeLlama(
  config: LlamaConfig,
  weights: NamedWeights,
): Omit<ModelDescription, "sizes"> {
  const { width, inner, heads, kvHeads, headDim, vocabulary, context, epsilon, layers } = config;
  const { speeds, scaling } = frequencies(config.rope, headDim, config.positions);
  return {
    engine: {
      ...{ family: "llama", layers, width, inner, heads, kvHeads, headDim, vocabulary, context },
      ...{ epsilon, activation: "gelu_tanh", rotaryScaling: scaling },
    },
    layers: Array.from({ length: layers }, (_, layer) => [
      ...PRODUCTS.map((parts) => weights.panels(parts.map((part) => layerName(layer, part)))),
      ...NORMS.map((part) => weights.vector(layerName(layer, part))),
    ]),
    embedding: weights.panels([LLAMA_NAMING.embedding]),
    head: config.tied ? null : weights.panels([HEAD]),
    norm: weights.vector(FINAL_NORM),
    bias: null,
    places: Array.from(speeds),
  };
}
