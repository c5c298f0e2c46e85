/** The worker that runs models: one run at a time, one event after the other. */

import type { ModelInfo, RunRequest } from "@/lib/contract";
import type {
  FromWorker,
  GivenFile,
  GivenModel,
  Language,
  StoredModels,
  ToWorker,
} from "@/lib/contract/worker-messages";
import type { Description } from "./describe";
import { LocalError, PartMissing, SideError, unusable } from "./errors";
import { PROBES } from "./facts";
import { fetchFiles, type ModelFiles } from "./load";
import { compileEngine, type LocalModel, loadModel } from "./model/model";
import { checkSize } from "./model/size";
import { part } from "./part";
import { LocalEngine } from "./run";
import type { SentCompareEvent, SentEvent } from "./sent-events";
import { Tokenizer } from "./text/tokenizer";
import { Vocabulary } from "./text/vocabulary";

const MODELS = "models/index.json";
const ENGINE = "local/engine.wasm";
const CALIBRATION = "local/calibration.txt";
const WEIGHTS = "model.safetensors";

type Asked = Extract<ToWorker, { type: "run" | "compare" }>;
type Event = SentEvent | SentCompareEvent;

const SIDES = ["a", "b"] as const;

/** Runs in the order in which they were asked for. */
class Runs {
  readonly #engines = new Map<string, Promise<LocalEngine>>();
  readonly #loaded = new Set<string>();
  readonly #given = new Map<string, GivenModel>();
  readonly #stopped = new Set<number>();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  add(asked: Asked): void {
    const before = this.#waiting++;
    if (before > 0) sendQueued(asked, before);
    this.#last = this.#last.then(() => this.#run(asked)).finally(() => this.#waiting--);
  }

  /** Loads a model. Without an answer, an error is reported by the run that needs it. */
  async load({ model, site, answer }: Extract<ToWorker, { type: "load" }>): Promise<void> {
    try {
      const { info } = await this.#engine(model, site);
      if (answer) post({ type: "loaded", run: answer.run, result: info });
    } catch (error) {
      if (!answer) return;
      const event = await reported(error, answer.language);
      if (event) post({ type: "loaded", run: answer.run, result: JSON.stringify(event) });
    }
  }

  give(model: GivenModel): void {
    const { name } = model.info;
    this.#given.set(name, model);
    this.#engines.delete(name);
    this.#loaded.delete(name);
  }

  stop(run: number): void {
    this.#stopped.add(run);
  }

  async #run(asked: Asked): Promise<void> {
    const isStopped = () => this.#stopped.has(asked.run);
    try {
      if (isStopped()) return;
      for (const event of await this.#events(asked)) {
        send(asked.run, event);
        // Messages, such as one that stops this run, arrive between two tokens.
        await nextTurn();
        if (isStopped()) return;
      }
    } catch (error) {
      const event = await reported(error, asked.language);
      if (event) send(asked.run, event);
    } finally {
      this.#stopped.delete(asked.run);
    }
  }

  async #events(asked: Asked): Promise<Iterable<Event>> {
    if (asked.type === "run")
      return (await this.#loadedFor(asked, asked.request)).run(asked.request);
    const { request, language } = asked;
    const parts = part(Promise.all([import("./compare/compare"), import("./report")]));
    const engines: LocalEngine[] = [];
    for (const side of SIDES) {
      try {
        engines.push(await this.#loadedFor(asked, request[side]));
      } catch (error) {
        throw error instanceof PartMissing ? error : new SideError(side, error);
      }
    }
    const [a, b] = engines as [LocalEngine, LocalEngine];
    const [{ compare }, { textsIn }] = await parts;
    return compare(request, a, a === b ? a.second : b, await textsIn(language));
  }

  /** The engine with the model of a run, and with the probes that the run has. */
  async #loadedFor(asked: Asked, request: RunRequest): Promise<LocalEngine> {
    const { model = "" } = request;
    if (!this.#loaded.has(model)) sendQueued(asked, 0);
    const engine = await this.#engine(model, asked.site);
    await engine.prepare(request);
    return engine;
  }

  /** The engine with a model. A model that could not be loaded is loaded again. */
  #engine(name: string, site: string): Promise<LocalEngine> {
    const known = this.#engines.get(name);
    if (known) return known;
    const loading = load(name, site, this.#given.get(name));
    this.#engines.set(name, loading);
    loading.then(
      () => this.#loaded.add(name),
      () => this.#engines.delete(name),
    );
    return loading;
  }
}

/** A model that can be loaded. */
interface Found {
  readonly info: GivenModel["info"];
  readonly description: Description;
  readonly weights: Uint8Array;
}

async function load(name: string, site: string, given?: GivenModel): Promise<LocalEngine> {
  const progress = (received: number, total: number) => post({ type: "progress", received, total });
  const [module, { info, description, weights }, calibration] = await Promise.all([
    bytesOf(given?.site?.engine ?? new URL(ENGINE, site)).then(compileEngine),
    given ? readGiven(given) : fetchNamed(name, site, progress),
    textOf(given?.site?.calibration ?? new URL(CALIBRATION, site)),
  ]);
  const model = await loadModel(module, description.model, weights);
  const vocabulary = new Vocabulary(new Tokenizer(description.tokenizer));
  return new LocalEngine({ model, vocabulary, info: infoOf(info, model), calibration });
}

function infoOf(given: GivenModel["info"], { sizes }: LocalModel): ModelInfo {
  const { parameters, layers, heads, kvHeads, width, vocabulary, context } = sizes;
  return {
    ...{ parameters, layers, heads, kv_heads: kvHeads, d_model: width, vocabulary, context },
    ...{ dtype: "float32", device: "browser", chat_template: false },
    capabilities: PROBES.map(({ name }) => name),
    server: null,
    ...given,
    loaded: true,
  };
}

async function readGiven({ info, files }: GivenModel): Promise<Found> {
  checkSize(info.parameters ?? 0);
  const reader = part(import("./describe"));
  const read = Object.entries(files).map(async ([name, file]) => {
    const bytes = await new Response(file).arrayBuffer().catch((error: unknown) => {
      throw unusable("unreadable", name, String(error));
    });
    return [name, new Uint8Array(bytes)] as const;
  });
  const found: ModelFiles = Object.fromEntries(await Promise.all(read));
  const description = (await reader).describe(info.name, found);
  return { info, description, weights: found[WEIGHTS] ?? new Uint8Array() };
}

async function fetchNamed(
  name: string,
  site: string,
  progress: (received: number, total: number) => void,
): Promise<Found> {
  const list = await textOf(new URL(MODELS, site));
  const { models, stored } = JSON.parse(list) as StoredModels;
  const info = models.find((model) => model.name === name);
  const files = stored[name];
  const ofWeights = files?.files[WEIGHTS];
  if (!info || !ofWeights) {
    const known = models.map((model) => model.name).join(", ");
    throw LocalError.of("unknown_model", "unknownModel", [name, known], "model");
  }
  checkSize(info.parameters ?? 0);
  const { path, description } = files;
  const wanted = [
    [description.path, description],
    [path + WEIGHTS, ofWeights],
  ] as const;
  const [described, weights] = await fetchFiles(wanted, site, progress);
  const text = new TextDecoder().decode(described);
  return { info, description: JSON.parse(text), weights: weights ?? new Uint8Array() };
}

const bytesOf = async (from: URL | GivenFile) => (await opened(from)).arrayBuffer();
const textOf = async (from: URL | GivenFile) => (await opened(from)).text();

/** @throws LocalError (model_load_failed) if a file of the site cannot be fetched */
async function opened(address: URL | GivenFile): Promise<Response> {
  if (!(address instanceof URL)) return new Response(address);
  const response = await fetch(address).catch((error: unknown) => {
    throw unusable("notFetched", String(address), String(error));
  });
  if (response.ok) return response;
  throw unusable("notFound", String(address), response.status);
}

const post = (message: FromWorker): void => self.postMessage(message);
const send = (run: number, event: Event): void =>
  post({ type: "event", run, line: JSON.stringify(event) });

/**
 * The event of an error. Null if a part of the engine, or the text of the error, cannot be loaded:
 * then the page uses another worker for the next run.
 */
async function reported(error: unknown, language: Language): Promise<Event | null> {
  try {
    if (error instanceof PartMissing) throw error;
    const { errorEvent, textsIn } = await import("./report");
    return errorEvent(error, await textsIn(language));
  } catch {
    post({ type: "failed" });
    return null;
  }
}

function sendQueued({ type, run }: Asked, position: number): void {
  const event: SentEvent = { type: "queued", position };
  if (type === "run") send(run, event);
  else for (const side of SIDES) send(run, { type: "side", side, event });
}

const { port1, port2 } = new MessageChannel();

/** Resolves after the messages that have arrived. */
const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    port1.onmessage = () => resolve();
    port2.postMessage(null);
  });

const runs = new Runs();

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === "load") void runs.load(data);
  else if (data.type === "model") runs.give(data.model);
  else if (data.type === "stop") runs.stop(data.run);
  else runs.add(data);
};
