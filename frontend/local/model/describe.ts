/** Reads the configuration of a model and the header of its weights. */

import { unsupported } from "../errors";
import { type Config, configOf, eosIds } from "./config-fields";
import type { ModelDescription, ModelSizes } from "./description";
import { describeGpt2, GPT2_NAMING, gpt2Shapes } from "./gpt2";
import { readGpt2Config } from "./gpt2-config";
import { describeLlama, LLAMA_NAMING, llamaShapes } from "./llama";
import { readLlamaConfig } from "./llama-config";
import { readSafetensors } from "./safetensors";
import { checkSize } from "./size";
import { NamedWeights, type Naming, type Shapes } from "./tensors";

export interface ModelFiles {
  /** config.json */
  readonly config: unknown;
  /** generation_config.json, where there is one. */
  readonly generationConfig?: unknown;
  /** model.safetensors */
  readonly weights: ArrayBuffer | Uint8Array;
}

/** What of a family's description does not depend on the weights file. */
export interface Architecture {
  readonly sizes: Omit<ModelSizes, "parameters" | "eosIds">;
  readonly shapes: Shapes;
  readonly naming: Naming;
  describe(weights: NamedWeights): Omit<ModelDescription, "sizes">;
}

/** @throws LocalError if the model is not supported, or its files are broken */
export function describeModel(files: ModelFiles): ModelDescription {
  const config = configOf(files.config);
  const { sizes, shapes, naming, describe } = architectureOf(config);
  const parameters = [...shapes.values()]
    .map((shape) => shape.reduce((product, size) => product * size, 1))
    .reduce((total, count) => total + count, 0);
  checkSize(parameters);
  const { weights } = files;
  const file = weights instanceof Uint8Array ? weights : new Uint8Array(weights);
  const named = new NamedWeights(readSafetensors(file), shapes, naming);
  const generation = files.generationConfig == null ? null : configOf(files.generationConfig);
  const ids = eosIds(config, generation, sizes.vocabulary);
  return { sizes: { ...sizes, parameters, eosIds: ids }, ...describe(named) };
}

function architectureOf(given: Config): Architecture {
  const type = String(given.model_type).slice(0, 80);
  if (type === "llama" || type === "mistral") {
    const config = readLlamaConfig(given);
    return {
      sizes: { ...sizesOf(config), family: "llama", kvHeads: config.kvHeads },
      shapes: llamaShapes(config),
      naming: LLAMA_NAMING,
      describe: (weights) => describeLlama(config, weights),
    };
  }
  if (type === "gpt2") {
    const config = readGpt2Config(given);
    return {
      sizes: { ...sizesOf(config), family: "gpt2", kvHeads: config.heads },
      shapes: gpt2Shapes(config),
      naming: GPT2_NAMING,
      describe: (weights) => describeGpt2(config, weights),
    };
  }
  throw unsupported("modelType", type);
}

type CommonSizes = Omit<ModelSizes, "family" | "kvHeads" | "parameters" | "eosIds">;

function sizesOf(config: CommonSizes): CommonSizes {
  const { className, layers, heads, width, vocabulary, context } = config;
  return { className, layers, heads, width, vocabulary, context };
}
