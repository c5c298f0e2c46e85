import { createStore } from "zustand/vanilla";
import { storedJson, tabStore } from "@/lib/browser/storage";
import { type Layout, layOut, readLayout } from "./address-layout";
import type { Pair } from "./stored-parameters";

/** The pause after the last change before the address is written. */
export const REST_MS = 500;

interface AddressState {
  /**
   * "everything": the address holds all parameters. "short": the long ones are stored in this tab.
   * "unknown": the address refers to stored parameters that this tab does not have.
   */
  readonly holds: "everything" | "short" | "unknown";
}

export const addressState = createStore<AddressState>(() => ({ holds: "everything" }));

interface Writing {
  /** The parameters to be written to the address bar; null if nothing is pending. */
  readonly pending: URLSearchParams | null;
  /** The timer of the next write. */
  readonly timer: ReturnType<typeof setTimeout> | undefined;
  readonly writtenAt: number;
  /**
   * The address when a reload began, which is the one that it loads even if the address changes
   * later.
   */
  readonly leavingFrom: string | null;
}

const NOT_WAITING = {
  pending: null,
  timer: undefined,
  writtenAt: Number.NEGATIVE_INFINITY,
} as const;

const writing = createStore<Writing>(() => ({ ...NOT_WAITING, leavingFrom: null }));

/**
 * Writes parameters to the address bar, which several parts of the page share. `owns` selects the
 * parameters that are replaced; the others stay.
 *
 * WebKit throws a SecurityError after 100 history updates in 10 seconds (30 in older versions).
 * Therefore the first change is written at once and later ones after a pause in the input, at most
 * two per second.
 */
export function writeAddress(
  owns: (name: string) => boolean,
  parameters: Iterable<readonly [string, string]>,
): void {
  writing.setState({ pending: changed(owns, parameters) });
  const { timer, writtenAt } = writing.getState();
  if (performance.now() - writtenAt >= REST_MS && timer === undefined) flushAddress();
  else writeLater();
}

/** Returns all parameters of the address, including pending ones. */
export function readAddress(): URLSearchParams {
  const { pending } = writing.getState();
  if (pending) return new URLSearchParams(pending);
  const [parameters, missing] = readLayout(window.location.search, window.location.hash);
  if (missing) addressState.setState({ holds: "unknown" });
  return parameters;
}

/** Writes pending parameters now, before the page is left or its address is used. */
export function flushAddress(): void {
  const { pending } = writing.getState();
  if (pending) update("replaceState", pending);
}

/** Writes the parameters to a new history entry, so that Back leads to the current one. */
export function pushAddress(
  owns: (name: string) => boolean,
  parameters: Iterable<readonly [string, string]>,
): void {
  const next = changed(owns, parameters);
  flushAddress();
  update("pushState", next);
}

/** Moves long parameters out of the query, such as those of a link made elsewhere. */
export function tidyAddress(): void {
  const parameters = readAddress();
  if (addressState.getState().holds === "unknown") return;
  writing.setState({ pending: parameters });
  flushAddress();
}

/**
 * Calls `listener` when a link is opened in this tab that differs only in its fragment, for which
 * the browser does not reload the page. Returns a function that removes the listener.
 */
export function onLinkOpened(listener: () => void): () => void {
  const onHash = () => window.location.hash.includes("=") && listener();
  window.addEventListener("hashchange", onHash);
  return () => window.removeEventListener("hashchange", onHash);
}

export interface PageLink {
  readonly href: string;
  /** Whether the link works in another browser with all parameters. */
  readonly complete: boolean;
}

/** Returns a link to the page in its current state. */
export function currentLink(): PageLink {
  const layout = layOut(readAddress());
  const { origin, pathname } = window.location;
  return { href: `${origin}${relative(pathname, layout)}`, complete: layout.complete };
}

/** Returns query and fragment of the current address with some parameters replaced. */
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
  cancelWrite();
  const layout = layOut(parameters);
  const { pathname, hash } = window.location;
  // An anchor stays in the fragment if no parameters need it.
  const fragment = layout.fragment || (hash.includes("=") ? "" : hash);
  const address = relative(pathname, { ...layout, fragment });
  if (method === "pushState" || address !== present()) {
    try {
      // The state belongs to the router. Without it, the router would render the page again.
      window.history[method](window.history.state, "", address);
      writing.setState({ writtenAt: performance.now() });
    } catch {
      // Too many updates: the browser accepts one again after some seconds.
      writing.setState({ pending: parameters });
      writeLater(RETRY_MS);
      return;
    }
  }
  writing.setState({ pending: null });
  const { holds } = addressState.getState();
  if (!layout.complete) addressState.setState({ holds: "short" });
  // A parameter missing from a link stays missing after the first change.
  else if (holds === "short") addressState.setState({ holds: "everything" });
}

const RETRY_MS = 5_000;

function writeLater(ms = REST_MS): void {
  cancelWrite();
  writing.setState({ timer: setTimeout(flushAddress, ms) });
}

function cancelWrite(): void {
  clearTimeout(writing.getState().timer);
  writing.setState({ timer: undefined });
}

/**
 * The key in the tab's storage of the address when the page was left, and of its pending
 * parameters.
 */
const LEFT = "mav-address-left";

/**
 * A reload loads the old address, so parameters written since then are stored for the next page.
 */
function leave(): void {
  const { pending, leavingFrom } = writing.getState();
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
  // Written later, because the router first restores the loaded address.
  writing.setState({ pending: new URLSearchParams(pairs) });
}

if (typeof window !== "undefined") {
  takeUpWhatWaited();
  // The page keeps running until the response arrives, and its address may change meanwhile.
  window.addEventListener("beforeunload", () => {
    writing.setState({ leavingFrom: present() });
    // Left from a navigation that did not happen, such as a download.
    tabStore.removeItem(LEFT);
  });
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => {
    // Depending on the browser, this comes before or after `pagehide`.
    if (document.visibilityState === "hidden") leave();
  });
  // Restored from the back/forward cache: the page was not reloaded.
  window.addEventListener("pageshow", () => writing.setState({ leavingFrom: null }));
  // Pending parameters belong to the entry that was left. This runs before all other listeners,
  // which read them.
  window.addEventListener("popstate", () => {
    cancelWrite();
    writing.setState(NOT_WAITING);
  });
}
