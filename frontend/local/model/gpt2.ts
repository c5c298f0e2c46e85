/** Places a GPT-2 in the engine's memory. */

import type { Engine } from "./engine";
import type { Gpt2Config } from "./gpt2-config";
import { HEAD, type Naming, type Shapes, type WeightWriter } from "./weights";

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

/** The names of the weights that are stored in panels. */
export function gpt2Products(config: Gpt2Config): string[] {
  const layers = Array.from({ length: config.layers }, (_, layer) =>
    PRODUCTS.map((part) => `${layerName(layer, part)}.weight`),
  );
  return [GPT2_NAMING.embedding, ...(config.tied ? [] : [HEAD]), ...layers.flat()];
}

export function placeGpt2(config: Gpt2Config, engine: Engine, writer: WeightWriter): void {
  engine.configure({
    ...config,
    family: "gpt2",
    format: writer.format,
    kvHeads: config.heads,
    rotaryScaling: 1,
  });
  for (let layer = 0; layer < config.layers; layer++) {
    const names = PRODUCTS.map((part) => layerName(layer, part));
    const weights = [
      ...names.map((name) => writer.panels([`${name}.weight`], true)),
      ...names.map((name) => writer.vector(`${name}.bias`)),
      ...NORMS.flatMap((part) => normOf(writer, layerName(layer, part))),
    ];
    weights.forEach((at, index) => {
      engine.exports.set_layer(layer, index, at);
    });
  }
  const table = writer.panels([GPT2_NAMING.embedding]);
  const head = config.tied ? table : writer.panels([HEAD]);
  const [weight, bias] = normOf(writer, FINAL_NORM);
  engine.exports.set_ends(table, head, weight, bias, writer.vector(POSITIONS));
}

function normOf(writer: WeightWriter, name: string): [weight: number, bias: number] {
  return [writer.vector(`${name}.weight`), writer.vector(`${name}.bias`)];
}
