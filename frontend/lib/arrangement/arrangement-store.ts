import { createStore, type StoreApi } from "zustand/vanilla";
import { readAddress, writeAddress } from "@/lib/address/address-bar";
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
  kept: Pick<Storage, "getItem" | "setItem" | "removeItem"> = safeStorage,
): ArrangementStore {
  const store = createStore<ArrangementState>(() => ({ chosen: null, said: "" }));
  let panels = furnishings;
  /** What the visitor came with, read anew when more panels are known; null once it was changed. */
  let brought: string | null = null;
  const ownSize = (id: string): Size | undefined => panels.find((panel) => panel.id === id);
  const arrangement = () => store.getState().chosen ?? initialArrangement(panels);

  const show = (chosen: Arrangement | null) => {
    const code = chosen && encodeArrangement(chosen, ownSize);
    writeAddress(
      (name) => name === ARRANGEMENT_PARAMETER,
      code === null ? [] : [[ARRANGEMENT_PARAMETER, code]],
    );
    return code;
  };
  const keep = (chosen: Arrangement | null, said: string) => {
    brought = null;
    store.setState({ chosen, said });
    const code = show(chosen);
    if (code === null) kept.removeItem(KEY);
    else kept.setItem(KEY, code);
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
      brought = readAddress().get(ARRANGEMENT_PARAMETER) ?? kept.getItem(KEY);
      takeUp();
    },
    change(next, said) {
      const chosen = next(arrangement());
      keep(isSame(chosen, initialArrangement(panels)) ? null : chosen, said);
    },
    reset(said) {
      keep(null, said);
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

/** The browser's storage, where it gives one: a page that cannot keep anything still works. */
const safeStorage = {
  getItem: (key: string) => attempt(() => localStorage.getItem(key)) ?? null,
  setItem: (key: string, value: string) => attempt(() => localStorage.setItem(key, value)),
  removeItem: (key: string) => attempt(() => localStorage.removeItem(key)),
};

function attempt<T>(access: () => T): T | undefined {
  try {
    return access();
  } catch {
    return undefined;
  }
}
