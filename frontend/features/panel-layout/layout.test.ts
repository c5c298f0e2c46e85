// @vitest-environment jsdom
import { beforeEach, describe, expect, test } from "vitest";
import { flushAddress } from "@/lib/url-state/address-bar";
import { visit } from "@/lib/url-state/visit.fixture";
import {
  columnsFromAddress,
  decodeLayout,
  encodeLayout,
  hidden,
  moved,
  nextColumns,
  opened,
  type PanelLayout,
  resized,
  shownColumns,
} from "./layout";
import { createLayoutStore, type Furnishing } from "./layout-store";

const at = (id: string, columns = 1, rows = 1) => ({ id, columns, rows });
const ABC: PanelLayout = [at("a", 4), at("b"), at("c")];
const ids = (arrangement: PanelLayout) => arrangement.map(({ id }) => id).join("");
const own = (id: string) => ({ columns: id === "a" ? 4 : 1, rows: 1 });

describe("an arrangement", () => {
  test.each([
    ["a", 1, "bac"],
    ["a", 9, "bca"],
    ["c", 0, "cab"],
    ["c", -1, "cab"],
    ["b", 1, "abc"],
    ["x", 0, "abc"],
  ])("moves %s to index %i: %s", (id, place, order) => {
    expect(ids(moved(ABC, id, place))).toBe(order);
  });

  test("opens a panel once, at the end, and hides it", () => {
    expect(ids(opened(ABC, at("d")))).toBe("abcd");
    expect(opened(ABC, at("a"))).toBe(ABC);
    expect(ids(hidden(ABC, "b"))).toBe("ac");
  });

  test("limits sizes to the grid", () => {
    expect(resized(ABC, "b", { columns: 9, rows: 0 })[1]).toEqual(at("b", 4, 1));
    expect(resized(ABC, "b", { rows: 2 })[1]).toEqual(at("b", 1, 2));
  });
});

describe("the width of a panel", () => {
  test("changes by quarters on four columns, by halves on two, and not on one", () => {
    expect([1, 2, 3, 4].map((columns) => nextColumns(columns, 1, 4))).toEqual([2, 3, 4, 4]);
    expect([1, 2, 3, 4].map((columns) => nextColumns(columns, -1, 4))).toEqual([1, 1, 2, 3]);
    expect([1, 2, 3, 4].map((columns) => nextColumns(columns, 1, 2))).toEqual([4, 4, 3, 4]);
    expect([1, 2, 3, 4].map((columns) => nextColumns(columns, -1, 2))).toEqual([1, 2, 2, 2]);
    expect(nextColumns(3, 1, 1)).toBe(3);
  });

  test("is the same share of the page on two columns as on four", () => {
    expect([1, 2, 3, 4].map((columns) => shownColumns(columns, 2))).toEqual([1, 1, 2, 2]);
    expect([1, 2].map((shown) => shownColumns(columnsFromAddress(shown, 2), 2))).toEqual([1, 2]);
  });
});

describe("an arrangement in a link", () => {
  test("is short, is not percent-encoded, and is decoded to the same arrangement", () => {
    const arranged = resized(moved(ABC, "c", 0), "b", { columns: 2, rows: 3 });
    const code = encodeLayout(arranged, own);
    expect(code).toBe("c.a.b*2x3");
    expect(new URLSearchParams({ panels: code }).toString()).toBe("panels=c.a.b*2x3");
    expect(decodeLayout(code, own)).toEqual(arranged);
  });

  test("can be empty", () => {
    expect(encodeLayout([], own)).toBe("");
    expect(decodeLayout("", own)).toEqual([]);
  });

  test.each(["a*9x9", "a*", "a*x", "a.a.a*1x1", "..a..", "a*2x1x4"])(
    "%s is read as panel a alone",
    (code) => {
      const [first, ...more] = decodeLayout(code, own);
      expect(first?.id).toBe("a");
      expect(more).toEqual([]);
      expect(first?.columns).toBeLessThanOrEqual(4);
      expect(first?.rows).toBeLessThanOrEqual(3);
    },
  );
});

/** Returns the query after pending writes to the address. */
function query(): string {
  flushAddress();
  return window.location.search;
}

describe("the layout store", () => {
  const FURNISHINGS: Furnishing[] = [
    { ...at("a", 4), open: true },
    { ...at("b"), open: true },
    { ...at("c"), open: false },
  ];
  const address = () => new URLSearchParams(query()).get("panels");
  const create = () => createLayoutStore(FURNISHINGS);

  beforeEach(() => {
    localStorage.clear();
    visit("/?prompt=hello");
  });

  test("writes nothing to the address if nothing was arranged", () => {
    const store = create();
    store.arrive();
    expect(ids(store.arrangement())).toBe("ab");
    expect(query()).toBe("?prompt=hello");
  });

  test("saves a change, and writes it to the address beside the settings", () => {
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

  test("prefers a link to the saved arrangement, and saves it only after a change", () => {
    create().change((now) => hidden(now, "b"), "");
    visit("/?panels=c.a");
    const linked = create();
    linked.arrive();
    expect(ids(linked.arrangement())).toBe("ca");
    expect(localStorage.getItem("mav-panels")).toBe("a");
    linked.change((now) => moved(now, "a", 0), "");
    expect(localStorage.getItem("mav-panels")).toBe("a.c");
  });

  test("saves nothing when the default arrangement is restored", () => {
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

  test("gives a panel that is loaded later its own size if the link has none", () => {
    visit("/?panels=late.a");
    const store = create();
    store.arrive();
    expect(store.arrangement()[0]).toEqual(at("late"));
    store.furnish([...FURNISHINGS, { ...at("late", 2, 2), open: false }]);
    expect(store.arrangement()[0]).toEqual(at("late", 2, 2));
    expect(address()).toBe("late.a");
  });

  /** Dispatches the event of a change in another tab. */
  const inOtherTab = (code: string | null) => {
    if (code === null) localStorage.removeItem("mav-panels");
    else localStorage.setItem("mav-panels", code);
    window.dispatchEvent(new StorageEvent("storage", { key: "mav-panels", newValue: code }));
  };

  test("applies changes of another tab, so that neither tab reverts the other", () => {
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

  test("a link is not changed by another tab, and its own change is added to the saved one", () => {
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

  test("works in a browser that blocks storage", () => {
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
