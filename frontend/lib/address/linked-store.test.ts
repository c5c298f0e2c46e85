import { beforeEach, expect, test, vi } from "vitest";
import { attentionChoice, FIRST_CHOICE } from "@/lib/attention/choice";
import { lensView } from "@/lib/lens/view";
import { DEFAULT_SHADING } from "@/lib/tiles/shade";
import { enlargedTile, tileView } from "@/lib/tiles/view";
import { chosenScalars } from "@/lib/trends/chosen";
import { flushAddress } from "./address-bar";
import { linkedParameters, linkedStore, oneOf } from "./linked-store";
import { visit } from "./visit.fixture";

/** As a visitor comes to the page, or back to it. */
const arrive = (query: string) => visit(`/${query}`);

/** The query once the input rests. */
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
      leaveOutFirst: true,
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
];

test.each(CHOICES)("a choice stands in the link and comes from it: $query", (choice) => {
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

test("a page that is opened with such a link has read it once its code is there", async () => {
  const queries = CHOICES.map(({ query }) => query.slice(1));
  arrive(`?${queries.join("&")}&tile-layer=4`);
  vi.resetModules();
  const { attentionChoice } = await import("@/lib/attention/choice");
  const { lensView } = await import("@/lib/lens/view");
  const { enlargedTile, tileView } = await import("@/lib/tiles/view");
  const { chosenScalars } = await import("@/lib/trends/chosen");
  const stores = [attentionChoice, tileView, lensView, chosenScalars];
  expect(stores.map((store) => store.getState())).toEqual(CHOICES.map(({ state }) => state));
  expect(enlargedTile.getState()).toBe(4);
});

test("choices leave each other and all else in the link as it is", () => {
  arrive("?prompt=a+b&panels=trends*2x1");
  enlargedTile.setState(2);
  attentionChoice.setState({ reading: { layer: 0, head: null } });
  expect(query()).toBe("?prompt=a+b&panels=trends*2x1&tile-layer=2&attention=0*root100");
  attentionChoice.setState(FIRST_CHOICE, true);
  expect(query()).toBe("?prompt=a+b&panels=trends*2x1&tile-layer=2");
});

test("a store that is made later finds what the link says, and begins as the server has it", () => {
  arrive("?mode=two");
  const store = linkedStore("mode", "one", oneOf(["one", "two"]));
  expect(store.getState()).toBe("two");
  expect(store.getInitialState()).toBe("one");
});

test("where there is no window there is no address", () => {
  vi.stubGlobal("window", undefined);
  const store = linkedStore("mode", "one", oneOf(["one", "two"]));
  expect(store.getState()).toBe("one");
  vi.unstubAllGlobals();
});
