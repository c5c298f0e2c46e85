import { describe, expect, test, vi } from "vitest";
import { errorEvent } from "../report";
import { texts } from "../words.en";
import { Engine, type Format } from "./engine";
import {
  ENGINE,
  ENGINE_BYTES,
  expectedOf,
  filesOf,
  load,
  loadFiles,
  MODELS,
  RANKED,
  ropeCases,
} from "./goldens.fixture";
import { readLlamaConfig } from "./llama-config";
import { compileEngine, type LocalModel, MAX_ROWS, type Pass } from "./model";
import { frequencies } from "./rope";

/** Largest difference, relative to the largest number of the tensor. */
const CLOSE = 2e-5;

function expectClose(made: Float32Array, wanted: Float32Array, tolerance = CLOSE): void {
  expect(made.length).toBe(wanted.length);
  expect(made.every(Number.isFinite)).toBe(true);
  const largest = wanted.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  const difference = made.reduce((most, each, i) => {
    const apart = Math.abs(each - (wanted[i] ?? Number.NaN));
    return Math.max(most, apart);
  }, 0);
  expect(difference).toBeLessThanOrEqual(tolerance * largest);
}

/** One row of a tensor [groups, rows, size]. */
function rowOf(tensor: Float32Array, groups: number, rows: number, row: number): Float32Array {
  const size = tensor.length / groups / rows;
  const parts = Array.from({ length: groups }, (_, group) =>
    tensor.subarray((group * rows + row) * size, (group * rows + row + 1) * size),
  );
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

/** Copies of all outputs for one row of a pass. */
function outputs({ sizes }: LocalModel, pass: Pass, row = pass.rows - 1) {
  const { layers } = sizes;
  return {
    logits: rowOf(pass.logits, 1, pass.rows, row),
    resid: rowOf(pass.resid, layers + 1, pass.rows, row),
    attn_out: rowOf(pass.attnOut, layers, pass.rows, row),
    mlp_out: rowOf(pass.mlpOut, layers, pass.rows, row),
    pattern: rowOf(pass.pattern, layers, pass.rows, row),
  };
}

const someIds = (count: number, vocabulary: number) =>
  Array.from({ length: count }, (_, i) => (i * 37 + 5) % vocabulary);

/** Reads ids in passes of at most `rows`; returns the outputs of the last. */
function readAll(model: LocalModel, ids: readonly number[], rows = MAX_ROWS) {
  let last: ReturnType<typeof outputs> | null = null;
  for (let begin = 0; begin < ids.length; begin += rows) {
    last = outputs(model, model.read(ids.slice(begin, begin + rows)));
  }
  return last;
}

describe.each(MODELS)("%s has the numbers of the Python engine", (name) => {
  const expected = expectedOf(name);
  const ids = [...expected.integers("ids")];

  function check(model: LocalModel, made: ReturnType<typeof outputs>, row: number): void {
    for (const [tensor, values] of Object.entries(made)) {
      expectClose(values, expected.floats(tensor));
    }
    expectClose(model.patternEntropies(row), expected.floats("entropies"));
    const lens = model.lens(row, RANKED);
    expect([...lens.ids]).toEqual([...expected.integers("lens_ids")]);
    expect([...lens.ranks]).toEqual([...expected.integers("lens_ranks")]);
    expectClose(lens.probs, expected.floats("lens_probs"));
  }

  test("in one pass", async () => {
    const model = await load(name);
    check(model, outputs(model, model.read(ids)), ids.length - 1);
  });

  test("token by token", async () => {
    const model = await load(name);
    for (const id of ids.slice(0, -1)) model.read([id]);
    check(model, outputs(model, model.read(ids.slice(-1))), 0);
  });

  test("with weights in 16 bits, where these are exact, to the last bit", async () => {
    const stored = await loadFiles(filesOf(name), "smallest");
    const model = await load(name);
    expect(outputs(model, model.read(ids))).toEqual(outputs(stored, stored.read(ids)));
  });
});

test("the sizes of the embedded model", async () => {
  const files = { ...filesOf("mav-tiny"), generationConfig: { eos_token_id: [0, 9000] } };
  expect((await loadFiles(files)).sizes).toEqual({
    family: "llama", className: "LlamaForCausalLM", parameters: 5_868_800, layers: 6, heads: 4,
    kvHeads: 4, width: 256, vocabulary: 4096, context: 512, eosIds: [0],
  }); // biome-ignore format: short
});

test("ids that end a text are of the configuration where there is no other", async () => {
  expect((await load("llama-f32")).sizes.eosIds).toEqual([2, 5]);
});

test("stretched rotary embeddings reach further than the configuration states", async () => {
  expect((await load("llama-bf16")).sizes.context).toBe(64);
  const rope_scaling = { type: "yarn", factor: 8, original_max_position_embeddings: 16 };
  expect((await load("llama-bf16", { rope_scaling })).sizes.context).toBe(128);
});

test.each(ropeCases())("frequencies of rotary embeddings: $config.rope_parameters", (rope) => {
  const config = readLlamaConfig(rope.config);
  const made = frequencies(config.rope, config.headDim, config.positions);
  // A power of float32 may differ in the last bit between libraries.
  expectClose(made.speeds, Float32Array.from(rope.speeds), 1.2e-7);
  rope.speeds.forEach((speed, i) => {
    expect(Math.abs((made.speeds[i] ?? 0) / speed - 1)).toBeLessThan(2.5e-7);
  });
  expect(made.scaling).toBeCloseTo(rope.scaling, 12);
});

describe("the bits of a text do not depend on how it is read", () => {
  test.each(MODELS)("%s: in passes of any size", async (name) => {
    const model = await load(name);
    const ids = someIds(40, model.sizes.vocabulary);
    const whole = readAll(model, ids);
    for (const rows of [1, 2, 3, 5, 6, 7, 13]) {
      model.truncate(0);
      expect(readAll(model, ids, rows)).toEqual(whole);
    }
  });

  test.each(MODELS)("%s: read again after it was cut", async (name) => {
    const model = await load(name);
    const ids = someIds(40, model.sizes.vocabulary);
    const whole = readAll(model, ids);
    model.truncate(25);
    readAll(model, someIds(8, model.sizes.vocabulary), 1);
    expect(model.length).toBe(33);
    model.truncate(25);
    expect(readAll(model, ids.slice(25), 4)).toEqual(whole);
  });

  test("when the KV cache grows and moves", async () => {
    const changed = { max_position_embeddings: 1400 };
    const [model, other] = await Promise.all([1, 2].map(() => load("llama-f32", changed)));
    if (!model || !other) return;
    const ids = someIds(1300, model.sizes.vocabulary);
    const { layers, width } = model.sizes;
    readAll(model, ids.slice(0, 500));
    for (const cells of [3, 40, 5]) {
      const directions = new Float32Array(layers * cells * width);
      model.setProjection(directions, new Float32Array(layers * width), cells);
    }
    const whole = readAll(model, ids.slice(500));
    expect(readAll(other, ids, 50)).toEqual(whole);
    other.truncate(700);
    expect(readAll(other, ids.slice(700), 33)).toEqual(whole);
  });

  test("beside a second text, while both grow", async () => {
    const changed = { max_position_embeddings: 1400 };
    const [model, other] = await Promise.all([1, 2].map(() => load("llama-f32", changed)));
    if (!model || !other) return;
    const { layers, width, vocabulary } = model.sizes;
    const ids = someIds(1300, vocabulary);
    const [one, two] = [ids, ids.toReversed()];
    const { second } = model;
    for (let at = 0; at < 1250; at += 50) {
      readAll(model, one.slice(at, at + 50));
      readAll(second, two.slice(at, at + 50), 25);
      const cells = 3 + (at % 200) / 10;
      const means = new Float32Array(layers * width);
      second.setProjection(new Float32Array(layers * cells * width), means, cells);
    }
    const own = readAll(model, one.slice(1250));
    expect(() => second.patternEntropies(0)).toThrow(RangeError);
    expect(readAll(second, two.slice(1250))).toEqual(readAll(other, two, 50));
    other.truncate(0);
    expect(own).toEqual(readAll(other, one, 50));
  });
});

test("weights are stored once, in 16 bits if these are exact and wanted", async () => {
  const memory = async (format: Format | "smallest") => {
    const engines: Engine[] = [];
    const create = vi.spyOn(Engine, "create").mockImplementation(async (module) => {
      create.mockRestore();
      engines.push(await Engine.create(module));
      return engines[0] as Engine;
    });
    await loadFiles(filesOf("mav-tiny"), format);
    return engines[0]?.exports.memory.buffer.byteLength ?? 0;
  };
  const weights = filesOf("mav-tiny").weights.byteLength;
  expect(await memory("smallest")).toBeLessThan(weights + 3 * 2 ** 20);
  expect(await memory("F32")).toBeLessThan(2 * weights + 3 * 2 ** 20);
});

test("vectors are projected on directions, less the means", async () => {
  const model = await load("gpt2-f16");
  const { layers, width } = model.sizes;
  const cells = 5;
  const numbers = (count: number, step: number) =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * step));
  const directions = numbers(layers * cells * width, 0.7);
  const [means, vectors] = [numbers(layers * width, 1.3), numbers(layers * width, 2.1)];
  model.setProjection(directions, means, cells);
  const wanted = Float32Array.from({ length: layers * cells }, (_, at) => {
    const layer = Math.floor(at / cells);
    return Array.from({ length: width }, (_, i) => {
      const from = layer * width + i;
      return ((vectors[from] ?? 0) - (means[from] ?? 0)) * (directions[at * width + i] ?? 0);
    }).reduce((total, each) => total + each, 0);
  });
  expectClose(model.project(vectors), wanted);
  expectClose(model.project(vectors), wanted);
});

describe("calls that cannot be", () => {
  test("are errors", async () => {
    const model = await load("gpt2-f16");
    expect(() => model.read([])).toThrow(RangeError);
    expect(() => model.read(someIds(MAX_ROWS + 1, 99))).toThrow(RangeError);
    expect(() => model.read([99])).toThrow(RangeError);
    expect(() => model.read([-1])).toThrow(RangeError);
    expect(() => model.read(someIds(49, 99))).toThrow(RangeError);
    expect(() => model.truncate(1)).toThrow(RangeError);
    expect(() => model.lens(0, 1)).toThrow(RangeError);
    model.read([1, 2]);
    expect(() => model.lens(2, 1)).toThrow(RangeError);
    expect(() => model.lens(1, 99)).toThrow(RangeError);
    expect(() => model.patternEntropies(-1)).toThrow(RangeError);
    expect(() => model.project(new Float32Array(3))).toThrow(RangeError);
    expect(() => model.setProjection(new Float32Array(3), new Float32Array(64), 1)).toThrow();
  });

  test("the outputs of a pass are lost when a projection is stored", async () => {
    const model = await load("gpt2-f16");
    model.read([1, 2]);
    model.setProjection(new Float32Array(2 * 32), new Float32Array(2 * 32), 1);
    expect(() => model.lens(1, 1)).toThrow(RangeError);
  });
});

async function codeOf(loading: Promise<unknown>): Promise<[string, string]> {
  const error = await loading.then(
    () => null,
    (reason: unknown) => reason,
  );
  const { code, detail } = errorEvent(error, texts);
  return [code, detail];
}

describe("what is not supported is refused by name", () => {
  test.each<[string, string, object, RegExp]>([
    ["an unknown type", "llama-f32", { model_type: "mamba" }, /model_type is mamba/],
    ["biases", "llama-f32", { attention_bias: true }, /attention has biases/],
    ["biases of the MLP", "llama-f32", { mlp_bias: true }, /MLP has biases/],
    ["another activation", "llama-f32", { hidden_act: "gelu" }, /hidden_act = gelu/],
    ["an unknown field", "llama-f32", { logit_cap: 30 }, /logit_cap = 30/],
    ["a sliding window", "llama-f32", { model_type: "mistral" }, /sliding window/],
    ["rotary types", "llama-f32", { rope_scaling: { type: "dynamic" } }, /type dynamic/],
    ["rotary fields", "llama-f32", { rope_scaling: { high: 2 } }, /high = 2/],
    ["sizes of heads", "llama-f32", { num_key_value_heads: 3 }, /sizes of its heads/],
    ["sizes of products", "llama-f32", { intermediate_size: 50 }, /is 100, .* multiple of 32/],
    ["missing sizes", "llama-f32", { hidden_size: null }, /no hidden_size/],
    ["sizes that are none", "llama-f32", { num_hidden_layers: "3" }, /num_hidden_layers = 3/],
    ["qwen", "llama-f32", { model_type: "qwen3" }, /model_type is qwen3/],
    ["activations of GPT-2", "gpt2-f16", { activation_function: "gelu" }, /gelu/],
    ["scores without scaling", "gpt2-f16", { scale_attn_weights: false }, /not scaled/],
    ["widths of GPT-2", "gpt2-f16", { n_inner: 65 }, /n_inner is 65/],
  ])("%s", async (_, name, changed, message) => {
    const [code, text] = await codeOf(load(name, changed));
    expect(code).toBe("unsupported_model");
    expect(text).toMatch(message);
    expect(text).toMatch(/on the server/);
  });
});

describe("broken files are named", () => {
  const { config, weights } = filesOf("gpt2-f16");
  const bytes = weights instanceof Uint8Array ? weights : new Uint8Array(weights);
  const [length] = new BigUint64Array(bytes.slice(0, 8).buffer);
  const header = JSON.parse(new TextDecoder().decode(bytes.slice(8, 8 + Number(length))));
  const loadBytes = (given: Uint8Array) => loadFiles({ config, weights: given });

  /** The file with another header. */
  function withHeader(changed: unknown): Uint8Array {
    const text = new TextEncoder().encode(
      typeof changed === "string" ? changed : JSON.stringify(changed),
    );
    const made = new Uint8Array(8 + text.length + bytes.length - 8 - Number(length));
    new DataView(made.buffer).setBigUint64(0, BigInt(text.length), true);
    made.set(text, 8);
    made.set(bytes.subarray(8 + Number(length)), 8 + text.length);
    return made;
  }

  const norm = "transformer.ln_f.bias";
  const without = (name: string) =>
    Object.fromEntries(Object.entries(header).filter(([each]) => each !== name));
  const entry = (changed: object) => ({ ...header, [norm]: { ...header[norm], ...changed } });

  test("an unchanged header is read", async () => {
    expect((await loadBytes(withHeader(header))).sizes.family).toBe("gpt2");
  });

  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(), /not a safetensors file/],
    ["other bytes", new Uint8Array(100).fill(255), /not a safetensors file/],
    ["a header that is cut off", bytes.slice(0, 100), /cut off in their header/],
    ["numbers that are cut off", bytes.slice(0, -7), /cut off: .* bytes, but there are/],
    ["a header that is not JSON", withHeader("{"), /broken header/],
    ["a header that is no object", withHeader("[]"), /broken header/],
    ["a broken entry", withHeader(entry({ shape: [-1] })), /broken entry for transformer.ln_f/],
    ["offsets in reverse", withHeader(entry({ data_offsets: [9, 2] })), /broken entry/],
    ["a size that does not match", withHeader(entry({ shape: [31] })), /does not match its shape/],
    ["gaps", withHeader(without(norm)), /overlap or leave gaps/],
    ["another name", withHeader({ ...without(norm), x: header[norm] }), /have no transformer.ln_f/],
  ])("%s", async (_, given, message) => {
    const [code, text] = await codeOf(loadBytes(given));
    expect(code).toBe("damaged_model");
    expect(text).toMatch(message);
    expect(text).toMatch(/Download the model again/);
  });

  test("shapes that are not those of the configuration", async () => {
    const [code, text] = await codeOf(load("gpt2-f16", { vocab_size: 98 }));
    expect([code, text]).toEqual([
      "damaged_model",
      expect.stringContaining("has the shape [99, 32], not [98, 32] as config.json says"),
    ]);
  });

  test("tensors that the model does not have", async () => {
    const [code, text] = await codeOf(load("gpt2-f16", { n_layer: 1 }));
    expect(code).toBe("unsupported_model");
    expect(text).toContain("transformer.h.1.");
  });

  test("a configuration that is none", async () => {
    const [code] = await codeOf(loadFiles({ config: [], weights: bytes }));
    expect(code).toBe("damaged_model");
  });

  test("ids that end a text but are no ids", async () => {
    const [code] = await codeOf(load("gpt2-f16", { eos_token_id: "end" }));
    expect(code).toBe("damaged_model");
  });
});

test("a model that is too large is refused before memory is reserved", async () => {
  const create = vi.spyOn(Engine, "create");
  // The layers and the table of GPT-2 medium.
  const medium = { n_embd: 1024, n_layer: 24, n_head: 16, n_positions: 1024, vocab_size: 50257 };
  const [code, text] = await codeOf(load("gpt2-f16", { ...medium, n_inner: null }));
  expect(code).toBe("model_too_large");
  expect(text).toMatch(/has 355 million parameters.* 0\.7 GB .*at most 150 million/);
  expect(text).toMatch(/run it on the server/);
  expect(create).not.toHaveBeenCalled();
  // The small one is not.
  const small = { ...medium, n_embd: 768, n_layer: 12, n_head: 12, n_inner: null };
  expect((await codeOf(load("gpt2-f16", small)))[0]).toBe("damaged_model");
  create.mockRestore();
});

test("too little memory is an error that says what to do", async () => {
  const engine = await Engine.create(ENGINE);
  for (const bytes of [2 ** 32 - 1, 2 ** 40]) {
    const allocated = new Promise((done) => done(engine.allocate(bytes)));
    const [code, text] = await codeOf(allocated);
    expect(code).toBe("out_of_memory");
    expect(text).toMatch(/smaller model/);
  }
});

test("a browser without SIMD is told so", async () => {
  expect(await compileEngine(ENGINE_BYTES)).toBeInstanceOf(WebAssembly.Module);
  const validate = vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
  expect((await codeOf(compileEngine(ENGINE_BYTES)))[0]).toBe("no_simd");
  expect((await codeOf(load("gpt2-f16")))[0]).toBe("no_simd");
  validate.mockRestore();
});
