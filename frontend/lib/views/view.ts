import { createStore } from "zustand/vanilla";
import type { Branch } from "@/lib/run/branches";
import { addressWith, pushAddress, readAddress, tidyAddress } from "@/lib/url-state/address-bar";

/** The views of the page. The first is the default and has no parameter in the address. */
export const VIEWS = ["instrument", "compare", "chat"] as const;
export type View = (typeof VIEWS)[number];

/** The ids of two branches to compare. */
export interface Comparison {
  readonly left: number;
  readonly right: number;
}

interface ViewState {
  readonly view: View;
  readonly beside: Comparison | null;
}

const NAME = "view";

export const viewStore = createStore<ViewState>(() => ({ view: "instrument", beside: null }));

/** Returns the view that the address names; by default the instrument. */
export function viewInAddress(): View {
  const named = readAddress().get(NAME);
  return VIEWS.find((view) => view === named) ?? "instrument";
}

/**
 * An inline script for links to another view than the one that the built page contains, which is
 * hidden until the view is known, at most two seconds: what is clicked there would be lost.
 */
export const VIEW_SCRIPT = `if(${JSON.stringify(VIEWS.slice(1))}.includes(new URLSearchParams(location.search).get("${NAME}"))){let d=document.documentElement;d.dataset.view="pending";setTimeout(()=>{delete d.dataset.view},2000)}`;

/** Ends that when a view is rendered, if it is the one of the address. */
export function showRendered(view: View): void {
  if (view === viewInAddress()) document.documentElement.removeAttribute("data-view");
}

const isView = (name: string): boolean => name === NAME;

const viewParameters = (view: View): [string, string][] =>
  view === "instrument" ? [] : [[NAME, view]];

/** Returns query and fragment of a link to another view with the same settings. */
export const addressOf = (view: View): string => addressWith(isView, viewParameters(view));

/** Shows a view in a new history entry. */
export function openView(view: View, beside: Comparison | null = null): void {
  if (viewInAddress() !== view) pushAddress(isView, viewParameters(view));
  viewStore.setState({ view, beside });
}

/**
 * Follows the view in the address, also after Back and Forward. Returns a function that stops
 * following.
 */
export function followAddress(): () => void {
  const read = () => viewStore.setState({ view: viewInAddress() });
  read();
  tidyAddress();
  window.addEventListener("popstate", read);
  return () => window.removeEventListener("popstate", read);
}

/**
 * Returns a branch with the one to compare it with: its parent, its newest child, or the newest
 * other branch.
 */
export function comparisonOf(branches: readonly Branch[], branch: Branch): Comparison {
  const others = branches.filter(({ id }) => id !== branch.id);
  const near =
    others.find(({ id }) => id === branch.parent) ??
    others.findLast(({ parent }) => parent === branch.id) ??
    others.at(-1);
  const other = near?.id ?? branch.id;
  return near?.id === branch.parent
    ? { left: other, right: branch.id }
    : { left: branch.id, right: other };
}
