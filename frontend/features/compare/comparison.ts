import { createStore, type StoreApi } from "zustand/vanilla";
import type { openCompare } from "@/lib/client/compare-stream";
import { createReceiver } from "@/lib/client/receiver";
import { nameHere } from "@/lib/client/run-stream";
import type { CompareRequest } from "@/lib/contract";
import type { Failure } from "@/lib/contract/frames";
import { runsInBrowser } from "@/lib/contract/in-browser";
import type {
  Common,
  CompareEvent,
  Divergence,
  Side,
  Summary,
} from "@/lib/contract/parse-compare-event";
import { createRunStore, nextFrame, type RunStore, type Schedule } from "@/lib/run/run-store";
import { words } from "./words";

export interface ComparisonState {
  readonly request: CompareRequest | null;
  readonly going: boolean;
  readonly common: Common | null;
  /** Divergences by index of the token. */
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

/** The state of two runs in lockstep, and of their divergence. */
export interface Comparison extends StoreApi<ComparisonState> {
  readonly sides: Readonly<Record<Side, RunStore>>;
  /** Starts a comparison. Stops the current one first. */
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
  const receiver = createReceiver();

  // React renders at most once per animation frame, as for the events of a run.
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
      receiver.stop();
      latest = { ...NOTHING, request, going: true, divergences: [] };
      store.setState(latest);
      for (const side of Object.values(sides)) side.begin("nothing");
      const failure =
        twoPlaces(request) ?? (await receiver.receive((signal) => open(request, signal), receive));
      if (!failure) return;
      for (const side of Object.values(sides)) side.stop();
      show({ failure, going: false });
    },
    stop() {
      receiver.stop();
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

/** The failure of a comparison of a model of the browser with one of the server; null for others. */
function twoPlaces({ a, b }: CompareRequest): Failure | null {
  const [inBrowser, other] = [a, b].map(({ model }) => runsInBrowser(nameHere(model)));
  if (inBrowser === other) return null;
  return { code: "invalid_settings", ...words.twoPlaces(inBrowser === true), field: "b.model" };
}
