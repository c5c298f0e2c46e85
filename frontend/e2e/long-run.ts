import { expect, type Page } from "@playwright/test";
import { Instrument, STORY } from "./instrument";

/** A generated run of any size, in the format of the server. */

export interface Shape {
  readonly tokens: number;
  readonly layers: number;
  readonly heads: number;
}

const PROBES = [
  "predictions",
  "distribution",
  "residual",
  "mlp",
  "attention_entropy",
  "attention_sources",
  "logit_lens",
];
const VOCABULARY = 50_000;
const EDGES = [
  0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200, 500, 1000, 5000, 10_000, 20_000,
];
const WORDS = [
  " the",
  " little",
  " fox",
  " ran",
  ",",
  " and",
  " then",
  " it",
  " was",
  " happy",
  ".",
];

/** Returns a generator of pseudorandom numbers from 0 to 1. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Opens the page and shows a generated run in it. */
export async function openLongRun(page: Page, shape: Shape): Promise<Instrument> {
  const site = new Instrument(page);
  await page.route("**/api/run", (route) =>
    route.fulfill({ contentType: "text/event-stream", body: longRun(shape) }),
  );
  await site.open({ prompt: STORY, max_new_tokens: shape.tokens });
  await site.run.click();
  await site.finished();
  await expect(site.tokens).toHaveCount(shape.tokens + 1);
  return site;
}

/**
 * Drags the timeline to the right, back and to the right again, as fast as the page follows.
 *
 * @param steps how many places the pointer visits on its way from one end to the other
 */
export async function scrub(page: Page, steps = 120): Promise<void> {
  const track = page.getByRole("slider", { name: "Token shown" });
  const box = await track.boundingBox();
  if (!box) throw new Error("no timeline");
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + 2, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 4, y, { steps });
  await page.mouse.move(box.x + 4, y, { steps: steps / 2 });
  await page.mouse.move(box.x + box.width - 4, y, { steps: steps / 2 });
  await page.mouse.up();
}

/** Returns the body of a response of /api/run. */
export function longRun(shape: Shape): string {
  const random = numbersFrom(7);
  const tokens = Array.from({ length: shape.tokens }, (_, index) => token(index, shape, random));
  const done = {
    type: "done",
    reason: "length",
    text: "",
    tokens: shape.tokens,
    elapsed_ms: 1000,
    tokens_per_second: 500,
    resume: null,
    hits: [],
  };
  const events = [start(shape), prompt(), ...tokens, done];
  return events
    .map((event, n) => `id: long:${n}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}

function start({ tokens, layers, heads }: Shape) {
  return {
    type: "start",
    v: 1,
    run_id: "long",
    model: {
      name: "mav-tiny",
      title: "Long",
      parameters: null,
      layers,
      heads,
      kv_heads: heads,
      d_model: 64,
      vocabulary: VOCABULARY,
      context: 4096,
      dtype: "float32",
      device: "cpu",
      loaded: true,
      chat_template: false,
      capabilities: PROBES,
    },
    settings: { model: "mav-tiny", seed: 1, max_new_tokens: tokens, aggregation: "l2" },
    probes: PROBES.map((name) => ({ name, unit: "", shape: "", hook_point: "logits" })),
    rank_bin_edges: [...EDGES, VOCABULARY],
  };
}

const prompt = () => ({
  type: "prompt",
  tokens: [{ id: 1, text: "Once", logprob: null, entropy: null }],
  prefill_ms: 12,
  written: 0,
  written_text: "",
});

function token(index: number, { layers, heads }: Shape, random: () => number) {
  const list = (length: number, size: number) =>
    Array.from({ length }, () => Number((random() * size).toFixed(4)));
  const word = (at: number) => WORDS[at % WORDS.length] ?? "";
  const place = Math.floor(random() * 9);
  const shares = list(20, 1);
  const sum = shares.reduce((total, share) => total + share, 0);
  const top = shares
    .map((share) => share / sum)
    .sort((one, other) => other - one)
    .map((prob, at) => ({
      id: 100 * at + (index % 90),
      text: word(index + at),
      logit: 20 - at / 2,
      prob,
      sampled_prob: at < 15 ? prob : 0,
      cut_by: at < 15 ? null : "top_k",
    }));
  const said = top[place] as (typeof top)[number];
  const entropy = random() * 6;
  return {
    type: "token",
    index,
    position: index + 1,
    token: { id: said.id, text: said.text },
    forced: false,
    logprob: Math.log(said.prob),
    rank: place,
    entropy,
    text: said.text,
    top,
    distribution: {
      rank_bins: shares.map((share) => share / sum),
      entropy,
      sampled_entropy: entropy,
      effective_tokens: Math.exp(entropy),
      kept: 15,
    },
    layers: {
      resid_norm: list(layers + 1, 90),
      mlp_norm: list(layers, 40),
      attn_norm: list(layers, 30),
      attn_entropy: packed(layers, heads, random),
      attn_entropy_max: Math.log(index + 2),
    },
    attention_sources: sources(index + 1, { layers, heads }, random),
    logit_lens: Array.from({ length: layers }, (_, layer) => ({
      id: layer % 3 === 0 ? said.id : 100 * layer,
      text: layer % 3 === 0 ? said.text : word(layer),
      prob: Number(random().toFixed(4)),
      rank: layer % 3 === 0 ? 0 : Math.floor(random() * 200),
    })),
    timing: { step_ms: 10, capture_ms: 1 },
  };
}

/** Where each layer and each head attends most, among `keys` positions. */
function sources(keys: number, { layers, heads }: Omit<Shape, "tokens">, random: () => number) {
  const position = () => Math.floor(random() * keys);
  const weights = [0.4, 0.2, 0.15, 0.1, 0.05];
  const count = Math.min(4, keys - 1);
  const positions = Array.from({ length: layers + 1 }, () => {
    const found = new Set<number>();
    while (found.size < count) found.add(1 + Math.floor(random() * (keys - 1)));
    return [...found];
  });
  return {
    positions,
    weights: positions.map(() => weights.slice(0, 1 + count)),
    head_positions: Array.from({ length: layers }, () => Array.from({ length: heads }, position)),
    head_weights: {
      shape: [layers, heads, 2],
      dtype: "u8",
      scale: 1 / 255,
      data: Buffer.from(
        Uint8Array.from({ length: layers * heads * 2 }, () => Math.floor(random() * 128)),
      ).toString("base64"),
    },
  };
}

/** Returns a large array in the format of the contract: base64 of bytes with a scale. */
function packed(rows: number, columns: number, random: () => number) {
  const bytes = Uint8Array.from({ length: rows * columns }, () => Math.floor(random() * 256));
  return {
    shape: [rows, columns],
    dtype: "u8",
    scale: 6 / 255,
    data: Buffer.from(bytes).toString("base64"),
  };
}
