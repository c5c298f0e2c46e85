import { createStore, type StoreApi } from "zustand/vanilla";
import type { CompareRequest } from "@/lib/contract";
import type { Failure } from "@/lib/run/frames";
import { createRunStore, type RunStore } from "@/lib/run/run-store";
import type { openCompare } from "@/lib/transport/compare-stream";
import { failureOf } from "@/lib/transport/failure";
import type { Common, CompareEvent, Divergence, Side, Summary } from "./parse-compare-event";

export interface ComparisonState {
  readonly request: CompareRequest | null;
  readonly going: boolean;
  readonly common: Common | null;
  /** By the index of the token; what the array holds is only ever appended to. */
  readonly divergences: readonly Divergence[];
  readonly summary: Summary | null;
  readonly failure: Failure | null;
}

const NOTHING: ComparisonState = {
  request: null,
  going: false,
  common: null,
  divergences: [],
  summary: null,
  failure: null,
};

/** Two runs in step, and how far apart they are. */
export interface Comparison extends StoreApi<ComparisonState> {
  readonly sides: Readonly<Record<Side, RunStore>>;
  /** Start; one still going on is stopped first. */
  run(request: CompareRequest): Promise<void>;
  stop(): void;
  retry(): Promise<void>;
}

export function createComparison(
  open: typeof openCompare,
  makeStore: () => RunStore = createRunStore,
): Comparison {
  const store = createStore<ComparisonState>(() => NOTHING);
  const sides = { a: makeStore(), b: makeStore() };
  let abort = new AbortController();

  const receive = (event: CompareEvent) => {
    const state = store.getState();
    if (event.type === "side") sides[event.side].receive(event.event);
    else if (event.type === "common") store.setState({ common: event.common });
    else if (event.type === "divergence") {
      store.setState({ divergences: [...state.divergences, event.divergence] });
    } else if (event.type === "compared") {
      store.setState({ summary: event.summary, going: false });
    } else store.setState({ failure: event.failure, going: false });
  };

  const comparison: Comparison = {
    ...store,
    sides,
    async run(request) {
      abort.abort();
      const mine = new AbortController();
      abort = mine;
      store.setState({ ...NOTHING, request, going: true, divergences: [] });
      for (const side of Object.values(sides)) side.begin("nothing");
      try {
        for await (const event of open(request, mine.signal)) {
          if (mine.signal.aborted) return;
          receive(event);
        }
      } catch (error) {
        if (mine.signal.aborted) return;
        for (const side of Object.values(sides)) side.stop();
        store.setState({ failure: failureOf(error), going: false });
      }
    },
    stop() {
      abort.abort();
      for (const side of Object.values(sides)) side.stop();
      store.setState({ going: false });
    },
    async retry() {
      const { request } = store.getState();
      if (request) await comparison.run(request);
    },
  };
  return comparison;
}
