/**
 * Writes the outputs of a model in the compiled engine of the browser to standard output, as raw
 * numbers of 4 bytes: of each pass, and of a projection. Arguments: engine.wasm, the model's folder,
 * and the ids of each pass as JSON.
 */

import { readFileSync } from "node:fs";
import { describeModel } from "@/local/model/describe";
import { loadModel } from "@/local/model/model";

const [engine = "", folder = "", passes = "[]"] = process.argv.slice(2);
const config = JSON.parse(readFileSync(`${folder}/config.json`, "utf8"));
const module = new WebAssembly.Module(readFileSync(engine));
const weights = readFileSync(`${folder}/model.safetensors`);
const description = describeModel({ config, weights });
const model = await loadModel(module, description, weights);
const { layers, width } = model.sizes;
const written: Uint8Array[] = [];

function write(numbers: Float32Array | Int32Array): void {
  written.push(new Uint8Array(numbers.slice().buffer));
}

const { places, engine: sizes } = description;
if (!("as" in places)) {
  write(Float32Array.from(places));
  write(Float32Array.of(sizes.rotaryScaling));
}
for (const ids of JSON.parse(passes) as number[][]) {
  const pass = model.read(ids);
  for (const name of ["logits", "resid", "attnOut", "mlpOut", "pattern"] as const)
    write(pass[name]);
  const last = pass.rows - 1;
  write(model.patternEntropies(last));
  const lens = model.lens(last, 7);
  for (const name of ["ids", "probs", "ranks"] as const) write(lens[name]);
}
const cells = 6;
const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => (i * 7919) % 251);
model.setProjection(numbers(layers * cells * width), numbers(layers * width), cells);
write(model.project(numbers(layers * width).map((each) => each / 7)));
process.stdout.write(Buffer.concat(written));
