import { createStore } from "zustand/vanilla";
import { addressWith, pushAddress, readAddress, tidyAddress } from "@/lib/address/address-bar";
import type { Branch } from "@/lib/run/branches";

/** The views of the one page; the first is the one without a name in the address. */
export const VIEWS = ["instrument", "compare", "chat"] as const;
export type View = (typeof VIEWS)[number];

/** Two branches of this visit to lay side by side, by their ids. */
export interface Beside {
  readonly left: number;
  readonly right: number;
}

interface ViewState {
  readonly view: View;
  readonly beside: Beside | null;
}

const NAME = "view";

export const viewStore = createStore<ViewState>(() => ({ view: "instrument", beside: null }));

/** The view that the address names; the instrument where it names none that is known. */
export function viewInAddress(): View {
  const named = readAddress().get(NAME);
  return VIEWS.find((view) => view === named) ?? "instrument";
}

const isView = (name: string): boolean => name === NAME;

const viewParameters = (view: View): [string, string][] =>
  view === "instrument" ? [] : [[NAME, view]];

/** Query and fragment of another view of the same settings. */
export const addressOf = (view: View): string => addressWith(isView, viewParameters(view));

/** Show a view; the way back leads to the one before. */
export function openView(view: View, beside: Beside | null = null): void {
  if (viewInAddress() !== view) pushAddress(isView, viewParameters(view));
  viewStore.setState({ view, beside });
}

/** Follow the address, now and when the visitor goes back; ends with the function it returns. */
export function followAddress(): () => void {
  const read = () => viewStore.setState({ view: viewInAddress() });
  read();
  tidyAddress();
  window.addEventListener("popstate", read);
  return () => window.removeEventListener("popstate", read);
}

/** A branch and what it is best seen beside: the run that it grew from, or its newest branch. */
export function besideOf(branches: readonly Branch[], branch: Branch): Beside {
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
