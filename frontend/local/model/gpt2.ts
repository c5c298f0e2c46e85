/** Where the weights of a GPT-2 are placed in the engine's memory. */

import type { ModelDescription, Placed } from "./description";
import type { Gpt2Config } from "./gpt2-config";
import { HEAD, type NamedWeights, type Naming, type Shapes } from "./tensors";

export const GPT2_NAMING: Naming = {
  prefix: "transformer.",
  ignored: /\.attn\.(masked_)?bias$/,
  embedding: "transformer.wte.weight",
};
const POSITIONS = "transformer.wpe.weight";
const FINAL_NORM = "transformer.ln_f";

const layerName = (layer: number, part: string) => `transformer.h.${layer}.${part}`;

/** The products of a layer in the engine's order. */
const PRODUCTS = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"];
const NORMS = ["ln_1", "ln_2"];

/** Names and shapes of all weights. Products are stored as [inputs, outputs]. */
export function gpt2Shapes(config: Gpt2Config): Shapes {
  const { width, inner, vocabulary } = config;
  const shapes = new Map<string, readonly number[]>([
    [GPT2_NAMING.embedding, [vocabulary, width]],
    [POSITIONS, [config.context, width]],
    [`${FINAL_NORM}.weight`, [width]],
    [`${FINAL_NORM}.bias`, [width]],
  ]);
  if (!config.tied) shapes.set(HEAD, [vocabulary, width]);
  const block: Record<string, readonly [inputs: number, outputs: number]> = {
    "attn.c_attn": [width, 3 * width],
    "attn.c_proj": [width, width],
    "mlp.c_fc": [width, inner],
    "mlp.c_proj": [inner, width],
  };
  for (let layer = 0; layer < config.layers; layer++) {
    for (const [part, shape] of Object.entries(block)) {
      shapes.set(`${layerName(layer, part)}.weight`, shape);
      shapes.set(`${layerName(layer, part)}.bias`, [shape[1]]);
    }
    for (const part of NORMS) {
      shapes.set(`${layerName(layer, part)}.weight`, [width]);
      shapes.set(`${layerName(layer, part)}.bias`, [width]);
    }
  }
  return shapes;
}

export function describeGpt2(
  config: Gpt2Config,
  weights: NamedWeights,
): Omit<ModelDescription, "sizes"> {
  const { width, inner, heads, headDim, vocabulary, context, epsilon, activation } = config;
  const [norm, bias] = normOf(weights, FINAL_NORM);
  return {
    engine: {
      ...{ family: "gpt2", layers: config.layers, width, inner, heads, kvHeads: heads, headDim },
      ...{ vocabulary, context, epsilon, activation, rotaryScaling: 1 },
    },
    layers: Array.from({ length: config.layers }, (_, layer) => {
      const names = PRODUCTS.map((part) => layerName(layer, part));
      return [
        ...names.map((name) => weights.panels([`${name}.weight`], true)),
        ...names.map((name) => weights.vector(`${name}.bias`)),
        ...NORMS.flatMap((part) => normOf(weights, layerName(layer, part))),
      ];
    }),
    embedding: weights.panels([GPT2_NAMING.embedding]),
    head: config.tied ? null : weights.panels([HEAD]),
    norm,
    bias,
    places: weights.vector(POSITIONS),
  };
}

function normOf(weights: NamedWeights, name: string): [weight: Placed, bias: Placed] {
  return [weights.vector(`${name}.weight`), weights.vector(`${name}.bias`)];
}
