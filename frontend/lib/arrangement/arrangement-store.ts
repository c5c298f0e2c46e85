import { createStore, type StoreApi } from "zustand/vanilla";
import { readAddress, writeAddress } from "@/lib/address/address-bar";
import { localStore, onOtherTab, type SafeStorage } from "@/lib/browser/storage";
import {
  type Arrangement,
  decodeArrangement,
  encodeArrangement,
  type Placed,
  type Size,
} from "./arrangement";

/** What the arrangement needs to know of a panel. */
export interface Furnishing extends Placed {
  /** Whether it stands on the page of someone who has arranged nothing. */
  readonly open: boolean;
}

export interface ArrangementState {
  /** Null while nothing was arranged: the panels that are open by themselves. */
  readonly chosen: Arrangement | null;
  /** The last change in words, for those who do not see it. */
  readonly said: string;
}

export interface ArrangementStore extends StoreApi<ArrangementState> {
  /** Take up what the link says, or else what was kept. */
  arrive(): void;
  /** Take up what other tabs arrange, unless a link is shown; ends with the function it returns. */
  follow(): () => void;
  change(next: (arrangement: Arrangement) => Arrangement, said: string): void;
  /** As it was before anything was arranged. */
  reset(said: string): void;
  /** The panels that are there to arrange; more may come while the page is open. */
  furnish(panels: readonly Furnishing[]): void;
  /** What stands on the page. */
  arrangement(): Arrangement;
}

export const ARRANGEMENT_PARAMETER = "panels";
const KEY = "mav-panels";

export function createArrangementStore(
  furnishings: readonly Furnishing[],
  kept: SafeStorage = localStore,
): ArrangementStore {
  const store = createStore<ArrangementState>(() => ({ chosen: null, said: "" }));
  let panels = furnishings;
  /** What the visitor came with, read anew when more panels are known; null once it was changed. */
  let brought: string | null = null;
  /** What was stored when a link was opened that says something else; undefined without one. */
  let storedAtLink: string | null | undefined;
  const ownSize = (id: string): Size | undefined => panels.find((panel) => panel.id === id);
  const arrangement = () => store.getState().chosen ?? initialArrangement(panels);

  const show = (chosen: Arrangement | null) => {
    const code = chosen && encodeArrangement(chosen, ownSize);
    writeAddress(
      (name) => name === ARRANGEMENT_PARAMETER,
      code === null ? [] : [[ARRANGEMENT_PARAMETER, code]],
    );
  };
  const orInitial = (code: string | null): Arrangement =>
    code === null ? initialArrangement(panels) : decodeArrangement(code, ownSize);
  /** Null for the arrangement of someone who has arranged nothing. */
  const chosenOf = (changed: Arrangement): Arrangement | null =>
    isSame(changed, initialArrangement(panels)) ? null : changed;
  const keep = (chosen: Arrangement | null) => {
    if (chosen === null) kept.removeItem(KEY);
    else kept.setItem(KEY, encodeArrangement(chosen, ownSize));
  };
  const put = (chosen: Arrangement | null, said: string) => {
    brought = null;
    store.setState({ chosen, said });
    show(chosen);
  };

  const takeUp = () => {
    if (brought === null) return;
    const chosen = decodeArrangement(brought, ownSize);
    store.setState({ chosen });
    show(chosen);
  };

  return {
    ...store,
    arrangement,
    arrive() {
      // A link is looked at, not kept, until something is arranged from there.
      const stored = kept.getItem(KEY);
      const linked = readAddress().get(ARRANGEMENT_PARAMETER);
      storedAtLink = linked === null || linked === stored ? undefined : stored;
      brought = linked ?? stored;
      takeUp();
    },
    follow: () =>
      onOtherTab(KEY, (code) => {
        if (storedAtLink === undefined) put(code === null ? null : orInitial(code), "");
      }),
    change(next, said) {
      const stored = kept.getItem(KEY);
      const changed = chosenOf(next(arrangement()));
      // What another tab arranged since the link was opened stays: only this change is added.
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
      takeUp();
    },
  };
}

export const initialArrangement = (panels: readonly Furnishing[]): Arrangement =>
  panels.filter(({ open }) => open).map(({ id, columns, rows }) => ({ id, columns, rows }));

const isSame = (one: Arrangement, other: Arrangement): boolean =>
  encodeArrangement(one, () => undefined) === encodeArrangement(other, () => undefined);
