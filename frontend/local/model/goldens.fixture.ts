/** Models and expected outputs for tests; `tests/goldens/engine_goldens.py` writes them. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeModel, type ModelFiles } from "./describe";
import type { Format } from "./engine";
import { type LocalModel, loadModel } from "./model";
import { readSafetensors } from "./safetensors";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const GOLDENS = `${ROOT}tests/goldens/engine/`;

export const MODELS = ["mav-tiny", "llama-f32", "llama-bf16", "gpt2-f16", "gpt2-relu"] as const;

/** The id whose ranks in the logit lens are expected. */
export const RANKED = 7;

const file = (path: string) => Uint8Array.from(readFileSync(path));
const json = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

export const ENGINE_BYTES = file(fileURLToPath(new URL("./engine.wasm", import.meta.url)));
export const ENGINE = new WebAssembly.Module(ENGINE_BYTES);

export function filesOf(name: string): ModelFiles & { config: Record<string, unknown> } {
  const folder = name === "mav-tiny" ? `${ROOT}mav_engine/models/mav-tiny/` : `${GOLDENS}${name}/`;
  return {
    config: json(`${folder}config.json`) as Record<string, unknown>,
    weights: file(`${folder}model.safetensors`),
  };
}

/** The model; `changed` are fields of its configuration. */
export async function load(name: string, changed: object = {}): Promise<LocalModel> {
  const files = filesOf(name);
  return loadFiles({ ...files, config: { ...files.config, ...changed } });
}

export async function loadFiles(
  files: ModelFiles,
  format?: Format | "smallest",
): Promise<LocalModel> {
  const weights = new Uint8Array(files.weights);
  return loadModel(ENGINE, describeModel({ ...files, weights }), weights, format);
}

/** What the Python engine computes for the last of some tokens. */
export function expectedOf(name: string) {
  const tensors = readSafetensors(file(`${GOLDENS}${name}.expected.safetensors`));
  const bufferOf = (tensor: string) => {
    const { bytes } = tensors.get(tensor) ?? { bytes: new Uint8Array() };
    return bytes.slice().buffer;
  };
  return {
    floats: (tensor: string) => new Float32Array(bufferOf(tensor)),
    integers: (tensor: string) => new Int32Array(bufferOf(tensor)),
  };
}

export interface RopeCase {
  readonly config: Record<string, unknown>;
  readonly speeds: readonly number[];
  readonly scaling: number;
}

export const ropeCases = () => json(`${GOLDENS}rope.json`) as readonly RopeCase[];
