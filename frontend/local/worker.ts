/** The worker that runs models: one run at a time, one event after the other. */

import type { ModelInfo, RunRequest } from "@/lib/contract";
import type {
  FromWorker,
  GivenModel,
  StoredModels,
  ToWorker,
} from "@/lib/contract/worker-messages";
import { compare, errorOfSide, SIDES } from "./compare/compare";
import { UnknownModel, UnusableModel } from "./errors";
import { PROBES } from "./facts";
import { fetchModel, type ModelFiles } from "./load";
import { checkSize } from "./model/errors";
import { compileEngine, type LocalModel, loadModel } from "./model/model";
import { errorEvent, LocalEngine } from "./run";
import type { SentCompareEvent, SentEvent } from "./sent-events";
import { readTokenizer } from "./text/tokenizer";
import { Vocabulary } from "./text/vocabulary";

const MODELS = "models/index.json";
const ENGINE = "local/engine.wasm";
const CALIBRATION = "local/calibration.txt";

type Asked = Extract<ToWorker, { type: "run" | "compare" }>;

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
  load(name: string, site: string, run?: number): void {
    void this.#engine(name, site)
      .then(
        ({ info }) => info,
        (error: unknown) => JSON.stringify(errorEvent(error)),
      )
      .then((result) => run !== undefined && post({ type: "loaded", run, result }));
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
      send(asked.run, errorEvent(error));
    } finally {
      this.#stopped.delete(asked.run);
    }
  }

  async #events(asked: Asked): Promise<Iterable<SentEvent | SentCompareEvent>> {
    if (asked.type === "run")
      return (await this.#loadedFor(asked, asked.request)).run(asked.request);
    const engines: LocalEngine[] = [];
    for (const side of SIDES) {
      try {
        engines.push(await this.#loadedFor(asked, asked.request[side]));
      } catch (error) {
        return [errorOfSide(errorEvent(error), side)];
      }
    }
    const [a, b] = engines as [LocalEngine, LocalEngine];
    return compare(asked.request, a, a === b ? a.second : b);
  }

  #loadedFor(asked: Asked, { model = "" }: RunRequest): Promise<LocalEngine> {
    if (!this.#loaded.has(model)) sendQueued(asked, 0);
    return this.#engine(model, asked.site);
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

interface NamedModel {
  readonly info: GivenModel["info"];
  readonly files: ModelFiles;
}

async function load(name: string, site: string, given?: GivenModel): Promise<LocalEngine> {
  const progress = (received: number, total: number) => post({ type: "progress", received, total });
  const [module, { info, files }, calibration] = await Promise.all([
    bytesOf(given?.site?.engine ?? new URL(ENGINE, site)).then(compileEngine),
    given ? readGiven(given) : fetchNamed(name, site, progress),
    textOf(given?.site?.calibration ?? new URL(CALIBRATION, site)),
  ]);
  const weights = files["model.safetensors"];
  if (!weights) throw new UnusableModel(`${name} has no model.safetensors.`);
  const json = parsed(files);
  const generationConfig = json["generation_config.json"];
  const model = await loadModel(module, { config: json["config.json"], generationConfig, weights });
  const tokenizer = readTokenizer({ "tokenizer.json": null, ...json });
  const vocabulary = new Vocabulary(tokenizer);
  return new LocalEngine({ model, vocabulary, info: infoOf(info, model), calibration });
}

function infoOf(given: GivenModel["info"], { sizes }: LocalModel): ModelInfo {
  const { parameters, layers, heads, kvHeads, width, vocabulary, context } = sizes;
  return {
    ...{ parameters, layers, heads, kv_heads: kvHeads, d_model: width, vocabulary, context },
    ...{ dtype: "float32", device: "browser", chat_template: false },
    capabilities: PROBES.map(({ name }) => name),
    ...given,
    loaded: true,
  };
}

function parsed(files: ModelFiles): Readonly<Record<string, unknown>> {
  const decoder = new TextDecoder();
  return Object.fromEntries(
    Object.entries(files)
      .filter(([name]) => name.endsWith(".json"))
      .map(([name, bytes]) => {
        try {
          return [name, JSON.parse(decoder.decode(bytes))];
        } catch {
          throw new UnusableModel(`${name} is not valid JSON.`);
        }
      }),
  );
}

async function readGiven({ info, files }: GivenModel): Promise<NamedModel> {
  checkSize(info.parameters ?? 0);
  const read = Object.entries(files).map(async ([name, file]) => {
    const bytes = await file.arrayBuffer().catch((error: unknown) => {
      throw new UnusableModel(`${name} cannot be read: ${error}. Choose the files again.`);
    });
    return [name, new Uint8Array(bytes)] as const;
  });
  return { info, files: Object.fromEntries(await Promise.all(read)) };
}

async function fetchNamed(
  name: string,
  site: string,
  progress: (received: number, total: number) => void,
): Promise<NamedModel> {
  const list = await textOf(new URL(MODELS, site));
  const { models, stored } = JSON.parse(list) as StoredModels;
  const info = models.find((model) => model.name === name);
  const files = stored[name];
  if (!info || !files) {
    const known = models.map((model) => model.name).join(", ");
    throw new UnknownModel(
      `There is no model ${name} on this site. Known: ${known}. A model of your own files is forgotten when the page is loaded again.`,
      "model",
    );
  }
  checkSize(info.parameters ?? 0);
  return { info, files: await fetchModel(files, site, progress) };
}

const bytesOf = async (from: URL | Blob) => (await opened(from)).arrayBuffer();
const textOf = async (from: URL | Blob) => (await opened(from)).text();

/** @throws UnusableModel if a file of the site cannot be fetched */
async function opened(address: URL | Blob): Promise<Response | Blob> {
  if (address instanceof Blob) return address;
  const response = await fetch(address).catch((error: unknown) => {
    throw new UnusableModel(`${address} cannot be fetched: ${error}. Check the connection.`);
  });
  if (response.ok) return response;
  throw new UnusableModel(`${address} cannot be fetched: status ${response.status}.`);
}

const post = (message: FromWorker): void => self.postMessage(message);
const send = (run: number, event: SentEvent | SentCompareEvent): void =>
  post({ type: "event", run, line: JSON.stringify(event) });

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
  if (data.type === "load") runs.load(data.model, data.site, data.run);
  else if (data.type === "model") runs.give(data.model);
  else if (data.type === "stop") runs.stop(data.run);
  else runs.add(data);
};
