/**
 * Puts the files that the engine in the browser needs among the site's static files: the compiled
 * engine, the calibration text, and the embedded models with a list of them, `models/index.json`.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const PUBLIC = new URL("../public/", import.meta.url);
const ENGINE = new URL("../local/model/engine.wasm", import.meta.url);
/** The Python package: beside the site, or above a copy of it. */
const PYTHON = ["../../", "../../../", "../../../../"]
  .map((above) => new URL(`${above}mav_engine/`, import.meta.url))
  .find((folder) => existsSync(folder));
const FACTS = new URL("../local/facts.json", import.meta.url);
const FILES = [
  "config.json",
  "generation_config.json",
  "model.safetensors",
  "special_tokens_map.json",
  "tokenizer.json",
  "tokenizer_config.json",
];
/** What the name of a model that runs in the browser begins with. */
const IN_BROWSER = "browser:";

if (!PYTHON) throw new Error("The models are missing: there is no mav_engine/ beside the site.");
await mkdir(new URL("local/", PUBLIC), { recursive: true });
await cp(ENGINE, new URL("local/engine.wasm", PUBLIC));
await cp(new URL("backends/calibration.txt", PYTHON), new URL("local/calibration.txt", PUBLIC));
await rm(new URL("models/", PUBLIC), { recursive: true, force: true });

const { probes } = JSON.parse(await readFile(FACTS, "utf8"));
const { describe } = await describing();
const models = [];
const stored = {};
const folders = await readdir(new URL("models/", PYTHON), { withFileTypes: true });
for (const { name } of folders.filter((entry) => entry.isDirectory()).sort(byName)) {
  const from = new URL(`models/${name}/`, PYTHON);
  const has = new Set(await readdir(from));
  if (!has.has("model.safetensors")) continue;
  const files = {};
  const contents = {};
  for (const file of FILES.filter((each) => has.has(each))) {
    const bytes = await readFile(new URL(file, from));
    files[file] = stating(bytes);
    contents[file] = bytes;
    await cp(new URL(file, from), new URL(`models/${name}/${file}`, PUBLIC));
  }
  const described = Buffer.from(JSON.stringify(describe(name, contents)));
  const path = `local/${name}.json`;
  await writeFile(new URL(path, PUBLIC), described);
  const description = { path, ...stating(described) };
  stored[IN_BROWSER + name] = { path: `models/${name}/`, files, description };
  models.push(infoOf(name, await config(from), await parameters(from)));
}
const list = { default: models[0]?.name ?? "", models, problems: {}, hosts: {}, training: false };
await writeFile(
  new URL("models/index.json", PUBLIC),
  `${JSON.stringify({ ...list, stored }, null, 1)}\n`,
);

function stating(bytes) {
  return {
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
}

/** Returns `local/describe.ts`, compiled. */
async function describing() {
  const [{ output }] = [
    await build({
      configFile: false,
      logLevel: "error",
      publicDir: false,
      resolve: {
        alias: { "@": fileURLToPath(new URL("..", import.meta.url)) },
      },
      build: {
        ssr: fileURLToPath(new URL("../local/describe.ts", import.meta.url)),
        write: false,
        rollupOptions: { output: { inlineDynamicImports: true } },
      },
    }),
  ];
  const code = Buffer.from(output[0].code).toString("base64");
  return import(`data:text/javascript;base64,${code}`);
}

function byName(a, b) {
  return a.name < b.name ? -1 : 1;
}

async function config(from) {
  return JSON.parse(await readFile(new URL("config.json", from), "utf8"));
}

/** Returns the number of weights in the header of a safetensors file. */
async function parameters(from) {
  const bytes = await readFile(new URL("model.safetensors", from));
  const length = Number(bytes.readBigUInt64LE(0));
  const { __metadata__, ...tensors } = JSON.parse(bytes.subarray(8, 8 + length).toString("utf8"));
  const size = ({ shape }) => shape.reduce((product, count) => product * count, 1);
  return Object.values(tensors).reduce((total, tensor) => total + size(tensor), 0);
}

/** Returns the description of a model in the list of models, as the server's API has it. */
function infoOf(name, config, parameters) {
  return {
    name: IN_BROWSER + name,
    title: name,
    parameters,
    layers: config.num_hidden_layers ?? config.n_layer,
    heads: config.num_attention_heads ?? config.n_head,
    kv_heads: config.num_key_value_heads ?? config.num_attention_heads ?? config.n_head,
    d_model: config.hidden_size ?? config.n_embd,
    vocabulary: config.vocab_size,
    context: config.max_position_embeddings ?? config.n_positions,
    dtype: "float32",
    device: "browser",
    loaded: false,
    chat_template: false,
    capabilities: probes.map((probe) => probe.name),
  };
}
