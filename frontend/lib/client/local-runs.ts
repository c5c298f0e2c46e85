/** Runs models in a worker of this page. */
import { createStore } from "zustand/vanilla";
import type { ModelInfo, RunRequest } from "@/lib/contract";
import { endsRun, type Failure, type RunEvent } from "@/lib/contract/frames";
import { parseEvent } from "@/lib/contract/parse-event";
import type {
  FromWorker,
  GivenModel,
  LocalRequest,
  ToWorker,
} from "@/lib/contract/worker-messages";
import { currentLanguage } from "@/lib/i18n/language";
import { siteAddress } from "@/lib/url-state/site-address";
import { Refused } from "./failure";
import { words } from "./local-words/words";
import { startWorker } from "./local-worker";
import type { Stream } from "./sse";

/** How much of the model that is being loaded is there, in bytes; null if none is. */
export interface Download {
  readonly received: number;
  readonly total: number;
}

export const download = createStore<{ readonly current: Download | null }>(() => ({
  current: null,
}));

type Listener = (line: string) => void;
type Loaded = Extract<FromWorker, { type: "loaded" }>["result"];

export class LocalRuns {
  readonly #create: () => Worker;
  readonly #given = new Map<string, GivenModel>();
  #worker: Worker | null = null;
  #count = 0;
  readonly #listeners = new Map<number, Listener>();
  readonly #loading = new Map<number, (result: Loaded) => void>();
  #fail: ((error: Error) => void)[] = [];

  /** @param create starts the worker */
  constructor(create: () => Worker) {
    this.#create = create;
  }

  /** Adds a model of which this page has the files. It replaces one of the same name. */
  give(model: GivenModel): void {
    this.#given.set(model.info.name, model);
    if (this.#worker) this.#post(this.#worker, { type: "model", model });
  }

  /** Yields the events of a run of a model that was given, or is in `models/index.json`. */
  open(request: RunRequest, signal: AbortSignal): AsyncGenerator<RunEvent, void> {
    return this.events({ type: "run", request }, { parse: parseEvent, isLast: endsRun }, signal);
  }

  /** Yields the events of a run or of a comparison. */
  async *events<E extends { readonly type: string }>(
    asked: LocalRequest,
    { parse, isLast }: Pick<Stream<E>, "parse" | "isLast">,
    signal: AbortSignal,
  ): AsyncGenerator<E, void> {
    signal.throwIfAborted();
    const worker = this.#started();
    const run = ++this.#count;
    const lines: string[] = [];
    let wake = () => {};
    let failure: Error | null = null;
    const fail = (error: Error) => {
      failure = error;
      wake();
    };
    const abort = () => fail(new DOMException("The run was stopped.", "AbortError"));
    this.#listeners.set(run, (line) => {
      lines.push(line);
      wake();
    });
    this.#fail.push(fail);
    signal.addEventListener("abort", abort);
    const site = siteAddress(".");
    this.#post(worker, { ...asked, run, site, language: currentLanguage() });
    let isOver = false;
    let pausedAt = performance.now();
    try {
      while (!isOver) {
        const line = lines.shift();
        if (line !== undefined) {
          const event = ofWorker(parse(line));
          isOver = isLast(event);
          yield event;
          // A fast model must not keep the page from painting.
          if (performance.now() - pausedAt > TURN_MS) {
            await new Promise((resolve) => setTimeout(resolve));
            pausedAt = performance.now();
          }
        } else if (failure) {
          throw failure;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener("abort", abort);
      this.#listeners.delete(run);
      this.#fail = this.#fail.filter((each) => each !== fail);
      if (!isOver) this.#post(worker, { type: "stop", run });
    }
  }

  /**
   * Gives a model to the worker, which loads it; it can run if this succeeds.
   *
   * @throws Refused with the reason if it cannot run here
   */
  async load(model: GivenModel): Promise<ModelInfo> {
    this.give(model);
    const worker = this.#started();
    const run = ++this.#count;
    let fail = (_: Error) => {};
    const loaded = new Promise<Loaded>((resolve, reject) => {
      this.#loading.set(run, resolve);
      fail = reject;
    });
    this.#fail.push(fail);
    const answer = { run, language: currentLanguage() };
    this.#post(worker, { type: "load", model: model.info.name, site: siteAddress("."), answer });
    try {
      const result = await loaded;
      if (typeof result !== "string") return result;
      const event = ofWorker(parseEvent(result));
      throw event.type === "error" ? new Refused(event.failure) : new Error(result);
    } finally {
      this.#loading.delete(run);
      this.#fail = this.#fail.filter((each) => each !== fail);
    }
  }

  /** Loads a model, unless the visitor wants to save data. */
  prepare(model: string): void {
    const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
    if (connection?.saveData) return;
    this.#post(this.#started(), { type: "load", model, site: siteAddress(".") });
  }

  #post(worker: Worker, message: ToWorker): void {
    worker.postMessage(message);
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = this.#create();
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === "progress") {
        const { received, total } = data;
        download.setState({ current: received < total ? { received, total } : null });
      } else if (data.type === "loaded") this.#loading.get(data.run)?.(data.result);
      else if (data.type === "failed") end();
      else this.#listeners.get(data.run)?.(data.line);
    };
    // The worker cannot go on, and the next run starts another.
    const end = (message?: string) => {
      this.#worker = null;
      worker.terminate();
      for (const fail of this.#fail) fail(new Refused(failureOfWorker(message)));
    };
    worker.onerror = ({ message }) => end(message);
    for (const model of this.#given.values()) this.#post(worker, { type: "model", model });
    this.#worker = worker;
    return worker;
  }
}

/** @param message is empty if the worker could not be loaded */
const failureOfWorker = (message: string | undefined): Failure => ({
  code: "worker_failed",
  title: words.title,
  detail: message ? words.reported(message) : words.notLoaded,
});

/** The texts of the worker's errors are in the language of the page. */
function ofWorker<E extends { readonly type: string }>(event: E): E {
  const { failure } = event as { failure?: Failure };
  return event.type === "error" && failure
    ? { ...event, failure: { ...failure, byServer: false } }
    : event;
}

/** The time for which events are handled without a pause, in milliseconds. */
const TURN_MS = 8;

export const localRuns = new LocalRuns(startWorker);
