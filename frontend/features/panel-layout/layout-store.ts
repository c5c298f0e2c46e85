import { createStore, type StoreApi } from "zustand/vanilla";
import { localStore, onOtherTab, type SafeStorage } from "@/lib/browser/storage";
import { readAddress, writeAddress } from "@/lib/url-state/address-bar";
import { decodeLayout, encodeLayout, type PanelLayout, type Placed, type Size } from "./layout";

/** What the layout needs to know about a panel. */
export interface Furnishing extends Placed {
  /** Whether the panel is open by default. */
  readonly open: boolean;
}

export interface LayoutState {
  /** Null if the visitor changed nothing: the default panels are open. */
  readonly chosen: PanelLayout | null;
  /** The last change, as a text for screen readers. */
  readonly said: string;
}

export interface LayoutStore extends StoreApi<LayoutState> {
  /** Applies the arrangement of the link, or else the saved one. */
  arrive(): void;
  /**
   * Applies changes made in other tabs, unless a link is shown. Returns a function that stops this.
   */
  follow(): () => void;
  change(next: (arrangement: PanelLayout) => PanelLayout, said: string): void;
  /** Restores the default arrangement. */
  reset(said: string): void;
  /** Sets the panels that exist. Called again when custom panels are loaded. */
  furnish(panels: readonly Furnishing[]): void;
  /** Returns the current arrangement. */
  arrangement(): PanelLayout;
}

export const ARRANGEMENT_PARAMETER = "panels";
const KEY = "mav-panels";

export function createLayoutStore(
  furnishings: readonly Furnishing[],
  kept: SafeStorage = localStore,
): LayoutStore {
  const store = createStore<LayoutState>(() => ({ chosen: null, said: "" }));
  let panels = furnishings;
  /**
   * The encoded arrangement of the link or storage, which is decoded again when more panels are
   * known. Null after a change.
   */
  let loadedCode: string | null = null;
  /**
   * The saved arrangement at the time when a link with another one was opened. Undefined if there
   * was no such link.
   */
  let storedAtLink: string | null | undefined;
  const ownSize = (id: string): Size | undefined => panels.find((panel) => panel.id === id);
  const arrangement = () => store.getState().chosen ?? initialLayout(panels);

  const show = (chosen: PanelLayout | null) => {
    const code = chosen && encodeLayout(chosen, ownSize);
    writeAddress(
      (name) => name === ARRANGEMENT_PARAMETER,
      code === null ? [] : [[ARRANGEMENT_PARAMETER, code]],
    );
  };
  const orInitial = (code: string | null): PanelLayout =>
    code === null ? initialLayout(panels) : decodeLayout(code, ownSize);
  /** Returns null if the arrangement is the default one. */
  const chosenOf = (changed: PanelLayout): PanelLayout | null =>
    isSame(changed, initialLayout(panels)) ? null : changed;
  const keep = (chosen: PanelLayout | null) => {
    if (chosen === null) kept.removeItem(KEY);
    else kept.setItem(KEY, encodeLayout(chosen, ownSize));
  };
  const put = (chosen: PanelLayout | null, said: string) => {
    loadedCode = null;
    store.setState({ chosen, said });
    show(chosen);
  };

  const applyLoaded = () => {
    if (loadedCode === null) return;
    const chosen = decodeLayout(loadedCode, ownSize);
    store.setState({ chosen });
    show(chosen);
  };

  return {
    ...store,
    arrangement,
    arrive() {
      // The arrangement of a link is not saved until the visitor changes it.
      const stored = kept.getItem(KEY);
      const linked = readAddress().get(ARRANGEMENT_PARAMETER);
      storedAtLink = linked === null || linked === stored ? undefined : stored;
      loadedCode = linked ?? stored;
      applyLoaded();
    },
    follow: () =>
      onOtherTab(KEY, (code) => {
        if (storedAtLink === undefined) put(code === null ? null : orInitial(code), "");
      }),
    change(next, said) {
      const stored = kept.getItem(KEY);
      const changed = chosenOf(next(arrangement()));
      // If another tab changed the saved arrangement since, only this change is applied to it.
      const isAheadOfLink = storedAtLink !== undefined && stored !== storedAtLink;
      keep(isAheadOfLink ? chosenOf(next(orInitial(stored))) : changed);
      if (!isAheadOfLink) storedAtLink = undefined;
      put(changed, said);
    },
    reset(said) {
      storedAtLink = undefined;
      keep(null);
      put(null, said);
    },
    furnish(all) {
      panels = all;
      applyLoaded();
    },
  };
}

export const initialLayout = (panels: readonly Furnishing[]): PanelLayout =>
  panels.filter(({ open }) => open).map(({ id, columns, rows }) => ({ id, columns, rows }));

const isSame = (one: PanelLayout, other: PanelLayout): boolean =>
  encodeLayout(one, () => undefined) === encodeLayout(other, () => undefined);
