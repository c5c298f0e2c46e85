import { linkedStore } from "@/lib/url-state/linked-store";
import { axesOf, idOf, KINDS, type Scalar } from "./scalars";

/** More lines are hard to distinguish. */
export const MOST_LINES = 8;

/** The chosen lines, kept while the panel is closed. */
export const chosenScalars = linkedStore<{ readonly scalars: readonly Scalar[] }>(
  "trends",
  { scalars: [{ kind: "prob" }, { kind: "entropy" }, { kind: "resid", layer: 3 }] },
  { encode: ({ scalars }) => scalars.map(idOf).join("*"), decode },
);

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

/** `prob*resid.3*head.3.4`. Lines that cannot be parsed are ignored. */
function decode(code: string) {
  const ids = [...new Set(code.split("*"))].filter(Boolean);
  const scalars = ids.flatMap((id) => scalarOf(id) ?? []).slice(0, MOST_LINES);
  return scalars.length === 0 && ids.length > 0 ? null : { scalars };
}

function scalarOf(id: string): Scalar | null {
  const [named, ...places] = id.split(".");
  const kind = KINDS.find((each) => each === named);
  if (!kind || !places.every((place) => /^\d+$/.test(place))) return null;
  const axes = axesOf(kind);
  if (places.length !== axes.length) return null;
  return { kind, ...Object.fromEntries(axes.map((axis, i) => [axis, Number(places[i])])) };
}
