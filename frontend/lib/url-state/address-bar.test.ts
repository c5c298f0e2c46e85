// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  addressState,
  currentLink,
  flushAddress,
  pushAddress,
  readAddress,
  tidyAddress,
  writeAddress,
} from "./address-bar";
import { MAX_FRAGMENT, MAX_QUERY } from "./address-layout";
import { visit } from "./visit.fixture";

const isPrompt = (name: string) => name === "prompt";
const write = (prompt: string) => writeAddress(isPrompt, [["prompt", prompt]]);
const address = () => `${window.location.search}${window.location.hash}`;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  sessionStorage.clear();
  addressState.setState({ holds: "everything" });
  visit("/");
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("how often the address is written", () => {
  test("typing writes the first letter and, after a pause, the whole text", () => {
    const replaced = vi.spyOn(window.history, "replaceState");
    const text = "Once upon a time there was a little girl who lived in a small house";
    for (let end = 1; end <= text.length; end++) {
      write(text.slice(0, end));
      expect(readAddress().get("prompt")).toBe(text.slice(0, end));
      vi.advanceTimersByTime(60);
    }
    vi.advanceTimersByTime(1_000);
    expect(new URLSearchParams(window.location.search).get("prompt")).toBe(text);
    expect(replaced.mock.calls.length).toBeLessThan(4);
  });

  test("slow and steady input stays below WebKit's limit in 30 seconds", () => {
    const replaced = vi.spyOn(window.history, "replaceState");
    for (let time = 0; time < 30_000; time += 110) {
      write(String(time));
      writeAddress((name) => name === "seed", [["seed", String(time)]]);
      vi.advanceTimersByTime(110);
    }
    expect(replaced.mock.calls.length).toBeLessThan(100);
  });

  test("a refused update is repeated later", () => {
    const replaced = vi.spyOn(window.history, "replaceState").mockImplementation(() => {
      throw new DOMException("more than 100 times per 10 seconds", "SecurityError");
    });
    expect(() => write("kept")).not.toThrow();
    expect(() => pushAddress((name) => name === "view", [["view", "chat"]])).not.toThrow();
    write("kept as well");
    expect(readAddress().get("prompt")).toBe("kept as well");
    replaced.mockRestore();
    vi.advanceTimersByTime(6_000);
    expect(new URLSearchParams(window.location.search).get("prompt")).toBe("kept as well");
  });

  test("a pending update is written when the page is hidden or left", () => {
    write("a");
    write("ab");
    expect(address()).toBe("?prompt=a");
    window.dispatchEvent(new Event("pagehide"));
    expect(address()).toBe("?prompt=ab");
  });

  test("a reload that loads the old address restores the pending update", async () => {
    write("a");
    write("ab");
    const hidden = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    document.dispatchEvent(new Event("visibilitychange"));
    window.dispatchEvent(new Event("pagehide"));
    hidden.mockRestore();
    window.history.replaceState(null, "", "/?prompt=a");
    vi.resetModules();
    const reloaded = await import("./address-bar");
    expect(reloaded.readAddress().get("prompt")).toBe("ab");
    // Simulates the router, which restores the loaded address when it starts.
    window.history.replaceState(null, "", "/?prompt=a");
    reloaded.tidyAddress();
    expect(address()).toBe("?prompt=ab");
    // Only once: a link that is opened later in this tab is not changed.
    visit("/?prompt=a");
    vi.resetModules();
    const later = await import("./address-bar");
    expect(later.readAddress().get("prompt")).toBe("a");
  });

  test("values of another program in the tab's storage are ignored", async () => {
    visit("/?prompt=a");
    sessionStorage.setItem("mav-address-left", "{broken");
    vi.resetModules();
    const loaded = await import("./address-bar");
    expect(loaded.readAddress().get("prompt")).toBe("a");
  });

  test("updates made while a reload waits for the response are restored too", async () => {
    write("a");
    write("ab");
    window.dispatchEvent(new Event("beforeunload"));
    vi.advanceTimersByTime(1_000);
    expect(address()).toBe("?prompt=ab");
    window.dispatchEvent(new Event("pagehide"));
    window.history.replaceState(null, "", "/?prompt=a");
    vi.resetModules();
    const reloaded = await import("./address-bar");
    expect(reloaded.readAddress().get("prompt")).toBe("ab");
    reloaded.tidyAddress();
    expect(address()).toBe("?prompt=ab");
  });

  test("pushAddress writes the pending update to the old entry and the change to the new one", () => {
    write("a");
    write("ab");
    pushAddress((name) => name === "view", [["view", "chat"]]);
    expect(address()).toBe("?prompt=ab&view=chat");
    expect(readAddress().get("prompt")).toBe("ab");
  });
});

describe("settings that are too long for a query", () => {
  const long = "é".repeat(MAX_QUERY / 4);
  const huge = `${"語".repeat(MAX_FRAGMENT / 8)}\n end `;

  test("are in the fragment, which is not sent to servers, and are read back", () => {
    visit("/?seed=3&view=compare");
    write(long);
    expect(window.location.search).toBe("?seed=3&view=compare");
    expect(window.location.hash).toContain("prompt=");
    expect(readAddress().get("prompt")).toBe(long);
    expect(readAddress().get("seed")).toBe("3");
    expect(currentLink()).toEqual({ href: window.location.href, complete: true });
    expect(addressState.getState().holds).toBe("everything");
  });

  test("are stored in this tab if they are too long for any address", () => {
    write(huge);
    expect(address().length).toBeLessThan(100);
    expect(readAddress().get("prompt")).toBe(huge);
    expect(addressState.getState().holds).toBe("short");
    expect(currentLink().complete).toBe(false);
    vi.advanceTimersByTime(1_000);
    write("short again");
    expect(address()).toBe("?prompt=short+again");
    expect(addressState.getState().holds).toBe("everything");
  });

  test("each history entry has its own", () => {
    write(huge);
    const first = address();
    vi.advanceTimersByTime(1_000);
    write(`${huge}!`);
    expect(address()).not.toBe(first);
    visit(`/${first}`);
    expect(readAddress().get("prompt")).toBe(huge);
  });

  test("survive a reload, and are missing in another tab", async () => {
    write(huge);
    const kept = address();
    vi.resetModules();
    const reloaded = await import("./address-bar");
    expect(reloaded.readAddress().get("prompt")).toBe(huge);
    sessionStorage.clear();
    vi.resetModules();
    const elsewhere = await import("./address-bar");
    visit(`/${kept}`);
    elsewhere.tidyAddress();
    expect(elsewhere.readAddress().has("prompt")).toBe(false);
    expect(elsewhere.addressState.getState().holds).toBe("unknown");
  });

  test("stay readable in the page if the browser stores nothing", () => {
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => {
      throw new DOMException("denied", "SecurityError");
    });
    write(huge);
    expect(readAddress().get("prompt")).toBe(huge);
  });

  test("do not fill the tab's storage", () => {
    for (let i = 0; i < 20; i++) {
      write(`${huge}${i}`);
      flushAddress();
    }
    expect(sessionStorage.length).toBeLessThan(10);
    expect(readAddress().get("prompt")).toBe(`${huge}19`);
  });

  test("of an old link move when it is opened; its other parameters stay", () => {
    visit(`/?prompt=${encodeURIComponent(long)}&lang=de&stop=a&stop=b%2Cc`);
    tidyAddress();
    expect(window.location.search).toBe("?lang=de&stop=a&stop=b%2Cc");
    expect(readAddress().get("prompt")).toBe(long);
    expect(readAddress().getAll("stop")).toEqual(["a", "b,c"]);
  });

  test("the fragment of an anchor in the page stays", () => {
    visit("/?prompt=a#run");
    write("b");
    expect(address()).toBe("?prompt=b#run");
    expect(readAddress().has("run")).toBe(false);
  });
});
