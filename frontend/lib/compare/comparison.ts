import { createStore, type StoreApi } from "zustand/vanilla";
import type { CompareRequest } from "@/lib/contract";
import type { Failure } from "@/lib/run/frames";
import { createRunStore, nextFrame, type RunStore, type Schedule } from "@/lib/run/run-store";
import type { openCompare } from "@/lib/transport/compare-stream";
import { failureOf } from "@/lib/transport/failure";
import type { Common, CompareEvent, Divergence, Side, Summary } from "./parse-compare-event";

export interface ComparisonState {
  readonly request: CompareRequest | null;
  readonly going: boolean;
  readonly common: Common | null;
  /** By the index of the token. */
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
  schedule: Schedule = nextFrame,
): Comparison {
  const store = createStore<ComparisonState>(() => NOTHING);
  const sides = { a: makeStore(), b: makeStore() };
  let abort = new AbortController();

  // What arrives is seen once a frame of the screen, as the events of the runs themselves are.
  let latest: ComparisonState = NOTHING;
  let scheduled = false;
  const show = (change: Partial<ComparisonState>) => {
    latest = { ...latest, ...change };
    if (scheduled) return;
    scheduled = true;
    schedule(() => {
      scheduled = false;
      store.setState({ ...latest, divergences: [...latest.divergences] });
    });
  };
  const receive = (event: CompareEvent) => {
    if (event.type === "side") sides[event.side].receive(event.event);
    else if (event.type === "common") show({ common: event.common });
    else if (event.type === "divergence") {
      (latest.divergences as Divergence[]).push(event.divergence);
      show({});
    } else if (event.type === "compared") show({ summary: event.summary, going: false });
    else show({ failure: event.failure, going: false });
  };

  const comparison: Comparison = {
    ...store,
    sides,
    async run(request) {
      abort.abort();
      const mine = new AbortController();
      abort = mine;
      latest = { ...NOTHING, request, going: true, divergences: [] };
      store.setState(latest);
      for (const side of Object.values(sides)) side.begin("nothing");
      try {
        for await (const event of open(request, mine.signal)) {
          if (mine.signal.aborted) return;
          receive(event);
        }
      } catch (error) {
        if (mine.signal.aborted) return;
        for (const side of Object.values(sides)) side.stop();
        show({ failure: failureOf(error), going: false });
      }
    },
    stop() {
      abort.abort();
      for (const side of Object.values(sides)) side.stop();
      show({ going: false });
    },
    async retry() {
      const { request } = store.getState();
      if (request) await comparison.run(request);
    },
  };
  return comparison;
}
