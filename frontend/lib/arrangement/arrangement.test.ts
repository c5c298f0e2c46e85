import { beforeEach, describe, expect, test } from "vitest";
import { flushAddress } from "@/lib/address/address-bar";
import { visit } from "@/lib/address/visit.fixture";
import {
  type Arrangement,
  askedColumns,
  decodeArrangement,
  encodeArrangement,
  hidden,
  moved,
  nextColumns,
  opened,
  resized,
  shownColumns,
} from "./arrangement";
import { createArrangementStore, type Furnishing } from "./arrangement-store";

const at = (id: string, columns = 1, rows = 1) => ({ id, columns, rows });
const ABC: Arrangement = [at("a", 4), at("b"), at("c")];
const ids = (arrangement: Arrangement) => arrangement.map(({ id }) => id).join("");
const own = (id: string) => ({ columns: id === "a" ? 4 : 1, rows: 1 });

describe("an arrangement", () => {
  test.each([
    ["a", 1, "bac"],
    ["a", 9, "bca"],
    ["c", 0, "cab"],
    ["c", -1, "cab"],
    ["b", 1, "abc"],
    ["x", 0, "abc"],
  ])("moves %s to place %i: %s", (id, place, order) => {
    expect(ids(moved(ABC, id, place))).toBe(order);
  });

  test("opens once, at the end, and hides", () => {
    expect(ids(opened(ABC, at("d")))).toBe("abcd");
    expect(opened(ABC, at("a"))).toBe(ABC);
    expect(ids(hidden(ABC, "b"))).toBe("ac");
  });

  test("sizes stay within the grid", () => {
    expect(resized(ABC, "b", { columns: 9, rows: 0 })[1]).toEqual(at("b", 4, 1));
    expect(resized(ABC, "b", { rows: 2 })[1]).toEqual(at("b", 1, 2));
  });
});

describe("width", () => {
  test("goes by quarters on four columns, by halves on two, and not on one", () => {
    expect([1, 2, 3, 4].map((columns) => nextColumns(columns, 1, 4))).toEqual([2, 3, 4, 4]);
    expect([1, 2, 3, 4].map((columns) => nextColumns(columns, -1, 4))).toEqual([1, 1, 2, 3]);
    expect([1, 2, 3, 4].map((columns) => nextColumns(columns, 1, 2))).toEqual([4, 4, 3, 4]);
    expect([1, 2, 3, 4].map((columns) => nextColumns(columns, -1, 2))).toEqual([1, 2, 2, 2]);
    expect(nextColumns(3, 1, 1)).toBe(3);
  });

  test("is the same share of the page on two columns as on four", () => {
    expect([1, 2, 3, 4].map((columns) => shownColumns(columns, 2))).toEqual([1, 1, 2, 2]);
    expect([1, 2].map((shown) => shownColumns(askedColumns(shown, 2), 2))).toEqual([1, 2]);
  });
});

describe("in a link", () => {
  test("an arrangement is short, in characters that stay as they are, and comes back", () => {
    const arranged = resized(moved(ABC, "c", 0), "b", { columns: 2, rows: 3 });
    const code = encodeArrangement(arranged, own);
    expect(code).toBe("c.a.b*2x3");
    expect(new URLSearchParams({ panels: code }).toString()).toBe("panels=c.a.b*2x3");
    expect(decodeArrangement(code, own)).toEqual(arranged);
  });

  test("none open is an arrangement, too", () => {
    expect(encodeArrangement([], own)).toBe("");
    expect(decodeArrangement("", own)).toEqual([]);
  });

  test.each(["a*9x9", "a*", "a*x", "a.a.a*1x1", "..a..", "a*2x1x4"])("%s harms nothing", (code) => {
    const [first, ...more] = decodeArrangement(code, own);
    expect(first?.id).toBe("a");
    expect(more).toEqual([]);
    expect(first?.columns).toBeLessThanOrEqual(4);
    expect(first?.rows).toBeLessThanOrEqual(3);
  });
});

/** The query once the input rests. */
function query(): string {
  flushAddress();
  return window.location.search;
}

describe("the store", () => {
  const FURNISHINGS: Furnishing[] = [
    { ...at("a", 4), open: true },
    { ...at("b"), open: true },
    { ...at("c"), open: false },
  ];
  const address = () => new URLSearchParams(query()).get("panels");
  const create = () => createArrangementStore(FURNISHINGS);

  beforeEach(() => {
    localStorage.clear();
    visit("/?prompt=hello");
  });

  test("of someone who has arranged nothing says nothing in the address", () => {
    const store = create();
    store.arrive();
    expect(ids(store.arrangement())).toBe("ab");
    expect(query()).toBe("?prompt=hello");
  });

  test("keeps a change, and says it in the address beside the settings", () => {
    const store = create();
    store.arrive();
    store.change((now) => opened(now, at("c")), "c opened");
    expect(store.getState().said).toBe("c opened");
    expect(query()).toBe("?prompt=hello&panels=a.b.c");
    visit("/");
    const later = create();
    later.arrive();
    expect(ids(later.arrangement())).toBe("abc");
    expect(address()).toBe("a.b.c");
  });

  test("takes a link before what was kept, and keeps it only once it is changed", () => {
    create().change((now) => hidden(now, "b"), "");
    visit("/?panels=c.a");
    const linked = create();
    linked.arrive();
    expect(ids(linked.arrangement())).toBe("ca");
    expect(localStorage.getItem("mav-panels")).toBe("a");
    linked.change((now) => moved(now, "a", 0), "");
    expect(localStorage.getItem("mav-panels")).toBe("a.c");
  });

  test("back at the first arrangement nothing is kept", () => {
    const store = create();
    store.change((now) => hidden(now, "b"), "");
    store.change((now) => opened(now, at("b")), "");
    expect(store.getState().chosen).toBeNull();
    expect(address()).toBeNull();
    expect(localStorage.getItem("mav-panels")).toBeNull();
    store.change(() => [], "");
    expect(address()).toBe("");
    store.reset("reset");
    expect(ids(store.arrangement())).toBe("ab");
  });

  test("a panel that comes later takes its own size from a link that tells none", () => {
    visit("/?panels=late.a");
    const store = create();
    store.arrive();
    expect(store.arrangement()[0]).toEqual(at("late"));
    store.furnish([...FURNISHINGS, { ...at("late", 2, 2), open: false }]);
    expect(store.arrangement()[0]).toEqual(at("late", 2, 2));
    expect(address()).toBe("late.a");
  });

  /** What a change in another tab does here. */
  const inOtherTab = (code: string | null) => {
    if (code === null) localStorage.removeItem("mav-panels");
    else localStorage.setItem("mav-panels", code);
    window.dispatchEvent(new StorageEvent("storage", { key: "mav-panels", newValue: code }));
  };

  test("takes up what another tab arranges, so that neither reverts the other", () => {
    const store = create();
    store.arrive();
    const stop = store.follow();
    inOtherTab("b");
    expect(ids(store.arrangement())).toBe("b");
    store.change((now) => opened(now, at("c")), "");
    expect(localStorage.getItem("mav-panels")).toBe("b.c");
    inOtherTab(null);
    expect(ids(store.arrangement())).toBe("ab");
    stop();
    inOtherTab("c");
    expect(ids(store.arrangement())).toBe("ab");
  });

  test("a link stays as it is, and its change is added to what another tab arranged", () => {
    localStorage.setItem("mav-panels", "a");
    visit("/?panels=c.a");
    const store = create();
    store.arrive();
    store.follow();
    inOtherTab("a.b");
    expect(ids(store.arrangement())).toBe("ca");
    store.change((now) => hidden(now, "a"), "");
    expect(ids(store.arrangement())).toBe("c");
    expect(localStorage.getItem("mav-panels")).toBe("b");
  });

  test("a browser that keeps nothing still arranges", () => {
    const refuse = () => {
      throw new DOMException("no", "SecurityError");
    };
    const { getItem, setItem } = Storage.prototype;
    Object.assign(Storage.prototype, { getItem: refuse, setItem: refuse });
    try {
      const store = create();
      store.arrive();
      store.change((now) => hidden(now, "a"), "");
      expect(ids(store.arrangement())).toBe("b");
    } finally {
      Object.assign(Storage.prototype, { getItem, setItem });
    }
  });
});
