// @vitest-environment jsdom
import { beforeEach, expect, test, vi } from "vitest";
import { flushAddress } from "@/lib/url-state/address-bar";
import { linkedParameters, linkedStore, oneOf } from "@/lib/url-state/linked-store";
import { visit } from "@/lib/url-state/visit.fixture";
import { attentionChoice, FIRST_CHOICE } from "@/panels/attention-shared/choice";
import { atlasSelection } from "@/panels/head-atlas/selection-store";
import { enlargedTile, tileView } from "@/panels/layer-tiles/display-options";
import { DEFAULT_SHADING } from "@/panels/layer-tiles/shade";
import { lensView } from "@/panels/logit-lens/display-options";
import { chosenScalars } from "@/panels/trends/chosen";

/** Simulates arriving at the page, or returning to it. */
const arrive = (query: string) => visit(`/${query}`);

/** Returns the query after pending updates are written. */
function query(): string {
  flushAddress();
  return window.location.search;
}

beforeEach(() => arrive(""));

const CHOICES = [
  {
    store: attentionChoice,
    state: {
      reading: { layer: 3, head: 1 },
      scale: { curve: "linear", full: 0.05 },
      firstLeftOut: "always",
    },
    query: "?attention=3.1*linear5*rest",
    broken: "?attention=3.1*root30",
  },
  {
    store: tileView,
    state: { ...DEFAULT_SHADING, map: "viridis", draws: "magnitude", clip: 4.5, gamma: 0.7 },
    query: "?shading=viridis*magnitude*change*4.5*0.7",
    broken: "?shading=viridis*magnitude*change*99*0.7",
  },
  {
    store: lensView,
    state: { view: "time", colour: "prob" },
    query: "?lens=time*prob",
    broken: "?lens=time",
  },
  {
    store: chosenScalars,
    state: { scalars: [{ kind: "rank" }, { kind: "head", layer: 3, head: 4 }] },
    query: "?trends=rank*head.3.4",
    broken: "?trends=head.3*glow",
  },
  {
    store: atlasSelection,
    state: { order: "entropy", badge: "previous", layers: [2, 4] },
    query: "?atlas=entropy*previous*2-4",
    broken: "?atlas=entropy*nothing*2-4",
  },
];

test.each(CHOICES)("a choice is written to the link and read from it: $query", (choice) => {
  const { broken } = choice;
  const store = choice.store as ReturnType<typeof linkedStore<object>>;
  const state: object = choice.state;
  store.setState(state, true);
  expect(query()).toBe(choice.query);
  expect(linkedParameters()).toHaveLength(1);
  store.setState(store.getInitialState(), true);
  expect(query()).toBe("");

  arrive(choice.query);
  expect(store.getState()).toEqual(state);
  arrive(broken);
  expect(store.getState()).toEqual(store.getInitialState());
});

test("a page opened with such a link has the choices once its code is loaded", async () => {
  const queries = CHOICES.map(({ query }) => query.slice(1));
  arrive(`?${queries.join("&")}&tile-layer=4`);
  vi.resetModules();
  const { attentionChoice } = await import("@/panels/attention-shared/choice");
  const { lensView } = await import("@/panels/logit-lens/display-options");
  const { enlargedTile, tileView } = await import("@/panels/layer-tiles/display-options");
  const { chosenScalars } = await import("@/panels/trends/chosen");
  const { atlasSelection } = await import("@/panels/head-atlas/selection-store");
  const stores = [attentionChoice, tileView, lensView, chosenScalars, atlasSelection];
  expect(stores.map((store) => store.getState())).toEqual(CHOICES.map(({ state }) => state));
  expect(enlargedTile.getState()).toBe(4);
});

test("choices do not change other parameters of the link", () => {
  arrive("?prompt=a+b&panels=trends*2x1");
  enlargedTile.setState(2);
  attentionChoice.setState({ reading: { layer: 0, head: null } });
  expect(query()).toBe("?prompt=a+b&panels=trends*2x1&tile-layer=2&attention=0*root100");
  attentionChoice.setState(FIRST_CHOICE, true);
  expect(query()).toBe("?prompt=a+b&panels=trends*2x1&tile-layer=2");
});

test("a store that is created later reads the link; on the server it has its initial value", () => {
  arrive("?mode=two");
  const store = linkedStore("mode", "one", oneOf(["one", "two"]));
  expect(store.getState()).toBe("two");
  expect(store.getInitialState()).toBe("one");
});

test("without a window the address is not used", () => {
  vi.stubGlobal("window", undefined);
  const store = linkedStore("mode", "one", oneOf(["one", "two"]));
  expect(store.getState()).toBe("one");
  vi.unstubAllGlobals();
});
