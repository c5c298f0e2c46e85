import { createStore } from "zustand/vanilla";
import { idOf, type Scalar } from "./scalars";

/** More lines than this nobody tells apart. */
export const MOST_LINES = 8;

/** The lines that the visitor has chosen, kept while the panel is away. */
export const chosenScalars = createStore<{ readonly scalars: readonly Scalar[] }>(() => ({
  scalars: [{ kind: "prob" }, { kind: "entropy" }, { kind: "resid", layer: 3 }],
}));

export function addScalar(scalar: Scalar): void {
  const { scalars } = chosenScalars.getState();
  const known = scalars.some((each) => idOf(each) === idOf(scalar));
  if (known || scalars.length >= MOST_LINES) return;
  chosenScalars.setState({ scalars: [...scalars, scalar] });
}

export function removeScalar(id: string): void {
  const { scalars } = chosenScalars.getState();
  chosenScalars.setState({ scalars: scalars.filter((each) => idOf(each) !== id) });
}
