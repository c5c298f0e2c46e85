/** Places a Llama in the engine's memory. */

import type { Engine } from "./engine";
import type { LlamaConfig } from "./llama-config";
import { frequencies } from "./rope";
import { HEAD, type Naming, type Shapes, type WeightWriter } from "./weights";

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

/** The names of the weights that are stored in panels. */
export function llamaProducts(config: LlamaConfig): string[] {
  const layers = Array.from({ length: config.layers }, (_, layer) =>
    PRODUCTS.flat().map((part) => layerName(layer, part)),
  );
  return [LLAMA_NAMING.embedding, ...(config.tied ? [] : [HEAD]), ...layers.flat()];
}

export function placeLlama(config: LlamaConfig, engine: Engine, writer: WeightWriter): void {
  const { speeds, scaling } = frequencies(config.rope, config.headDim, config.positions);
  engine.configure({
    ...config,
    family: "llama",
    format: writer.format,
    activation: "gelu_tanh",
    rotaryScaling: scaling,
  });
  for (let layer = 0; layer < config.layers; layer++) {
    const products = PRODUCTS.map((parts) =>
      writer.panels(parts.map((part) => layerName(layer, part))),
    );
    const norms = NORMS.map((part) => writer.vector(layerName(layer, part)));
    [...products, ...norms].forEach((at, index) => {
      engine.exports.set_layer(layer, index, at);
    });
  }
  const table = writer.panels([LLAMA_NAMING.embedding]);
  const head = config.tied ? table : writer.panels([HEAD]);
  const places = engine.allocate(speeds.byteLength);
  const norm = writer.vector(FINAL_NORM);
  engine.floats(places, speeds.length).set(speeds);
  engine.exports.set_ends(table, head, norm, 0, places);
}
