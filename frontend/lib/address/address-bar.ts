import { createStore } from "zustand/vanilla";
import { storedJson, tabStore } from "@/lib/browser/storage";
import type { Pair } from "./kept-parameters";
import { type Layout, layOut, readLayout } from "./layout";

/** The address is written when no change came for so long. */
export const REST_MS = 500;

interface AddressState {
  /**
   * Whether the address holds everything, this tab keeps the long parameters of it, or it names
   * some that this tab does not have.
   */
  readonly holds: "everything" | "short" | "unknown";
}

export const addressState = createStore<AddressState>(() => ({ holds: "everything" }));

/** What the address bar is going to hold; null where it holds everything that was written. */
let pending: URLSearchParams | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let writtenAt = Number.NEGATIVE_INFINITY;

/**
 * Several parts of the page keep their state in the address bar. Each names the parameters that are
 * its own; the others stay as they are.
 *
 * WebKit throws a SecurityError after 100 history updates in 10 seconds (30 in older versions). So
 * the first change is written at once and further ones when the input rests, at most two a second.
 */
export function writeAddress(
  owns: (name: string) => boolean,
  parameters: Iterable<readonly [string, string]>,
): void {
  pending = changed(owns, parameters);
  if (performance.now() - writtenAt >= REST_MS && timer === undefined) flushAddress();
  else writeLater();
}

/** All parameters of the address, those that are about to be written included. */
export function readAddress(): URLSearchParams {
  if (pending) return new URLSearchParams(pending);
  const [parameters, missing] = readLayout(window.location.search, window.location.hash);
  if (missing) addressState.setState({ holds: "unknown" });
  return parameters;
}

/** Write what waits to be written, before the page is left or its address is used. */
export function flushAddress(): void {
  if (pending) update("replaceState", pending);
}

/** Write the parameters into a new entry of the history; the way back leads to the present one. */
export function pushAddress(
  owns: (name: string) => boolean,
  parameters: Iterable<readonly [string, string]>,
): void {
  const next = changed(owns, parameters);
  flushAddress();
  update("pushState", next);
}

/** Move what is too long for a query out of it, as in a link that was made elsewhere. */
export function tidyAddress(): void {
  const parameters = readAddress();
  if (addressState.getState().holds === "unknown") return;
  pending = parameters;
  flushAddress();
}

/**
 * Calls back when a link is opened in this tab that differs from the address in its fragment only:
 * the browser does not load the page again. Ends with the function it returns.
 */
export function onLinkOpened(listener: () => void): () => void {
  const onHash = () => window.location.hash.includes("=") && listener();
  window.addEventListener("hashchange", onHash);
  return () => window.removeEventListener("hashchange", onHash);
}

export interface PageLink {
  readonly href: string;
  /** Whether it brings everything to another browser. */
  readonly complete: boolean;
}

/** The link to the page as it is now. */
export function currentLink(): PageLink {
  const layout = layOut(readAddress());
  const { origin, pathname } = window.location;
  return { href: `${origin}${relative(pathname, layout)}`, complete: layout.complete };
}

/** The query and fragment of the present address with other values of some parameters. */
export function addressWith(
  owns: (name: string) => boolean,
  parameters: Iterable<readonly [string, string]>,
): string {
  return relative("", layOut(changed(owns, parameters)));
}

const changed = (owns: (name: string) => boolean, parameters: Iterable<Pair>): URLSearchParams => {
  const others = [...readAddress()].filter(([name]) => !owns(name));
  return new URLSearchParams([...others, ...parameters].map(([...pair]) => pair));
};

function present(): string {
  const { pathname, search, hash } = window.location;
  return `${pathname}${search}${hash}`;
}

const relative = (pathname: string, { search, fragment }: Layout): string =>
  `${pathname}${search}${fragment}`;

function update(method: "replaceState" | "pushState", parameters: URLSearchParams): void {
  clearTimeout(timer);
  timer = undefined;
  const layout = layOut(parameters);
  const { pathname, hash } = window.location;
  // The target of a link within the page stays where no parameters need the fragment.
  const fragment = layout.fragment || (hash.includes("=") ? "" : hash);
  const address = relative(pathname, { ...layout, fragment });
  if (method === "pushState" || address !== present()) {
    try {
      // The present state: it belongs to the router, which would render the page again otherwise.
      window.history[method](window.history.state, "", address);
      writtenAt = performance.now();
    } catch {
      // Too many updates: a browser that refuses one takes it some seconds later.
      pending = parameters;
      writeLater(RETRY_MS);
      return;
    }
  }
  pending = null;
  const { holds } = addressState.getState();
  if (!layout.complete) addressState.setState({ holds: "short" });
  // What a link lacked is still missing after the first change.
  else if (holds === "short") addressState.setState({ holds: "everything" });
}

const RETRY_MS = 5_000;

function writeLater(ms = REST_MS): void {
  clearTimeout(timer);
  timer = setTimeout(flushAddress, ms);
}

/** In the tab's storage: the address as the page was left, and what it was about to hold. */
const LEFT = "mav-address-left";

/** The address that a reload loads: the one at its start. Later updates do not change it. */
let leavingFrom: string | null = null;

/** A reload loads the address of before, so what was written since is handed to the next page. */
function leave(): void {
  const from = leavingFrom ?? present();
  if (!pending && from === present()) return;
  tabStore.setItem(LEFT, JSON.stringify([from, [...readAddress()]]));
  flushAddress();
}

function takeUpWhatWaited(): void {
  const left = storedJson(tabStore, LEFT);
  tabStore.removeItem(LEFT);
  if (!Array.isArray(left)) return;
  const [address, pairs] = left as [string, [string, string][]];
  if (address !== present()) return;
  // Written once the page is there: its router first restores the address that was loaded.
  pending = new URLSearchParams(pairs);
}

if (typeof window !== "undefined") {
  takeUpWhatWaited();
  // The page lives on until the answer arrives, and its address may be written meanwhile.
  window.addEventListener("beforeunload", () => {
    leavingFrom = present();
    // Of a departure that did not take place, as at a download.
    tabStore.removeItem(LEFT);
  });
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => {
    // Browsers send this before or after `pagehide`.
    if (document.visibilityState === "hidden") leave();
  });
  // Back from the browser's cache: the page was not reloaded.
  window.addEventListener("pageshow", () => {
    leavingFrom = null;
  });
  // What waited belongs to the entry that was left. Before all other listeners, which read it.
  window.addEventListener("popstate", () => {
    pending = null;
    writtenAt = Number.NEGATIVE_INFINITY;
    clearTimeout(timer);
    timer = undefined;
  });
}
