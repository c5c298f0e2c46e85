import { createStore } from "zustand/vanilla";

/**
 * Returns whether a key press belongs to an input method (Chinese, Japanese, Korean and others),
 * which uses Enter, Escape and the arrow keys to choose among candidates. Importing this module
 * stops such events before the page's handlers; the field still receives them.
 *
 * Chromium and Firefox set `isComposing`. WebKit ends the composition before it sends the key
 * event, which has `keyCode` 229 or, if the same key press ended the composition, the key's own
 * code.
 */
export function isComposing(event: KeyboardEvent): boolean {
  return (
    event.isComposing || event.keyCode === 229 || composition.getState().active || justEnded(event)
  );
}

interface Composition {
  /** True between the start and the end of a composition. */
  readonly active: boolean;
  /** `timeStamp` of the event that ended the last composition. */
  readonly endedAt: number;
}

const composition = createStore<Composition>(() => ({
  active: false,
  endedAt: Number.NEGATIVE_INFINITY,
}));

/** In WebKit, the key event that ended a composition comes within this time after it. */
const SAME_PRESS_MS = 50;

const justEnded = ({ timeStamp }: KeyboardEvent): boolean =>
  isWebKit() && Math.abs(timeStamp - composition.getState().endedAt) < SAME_PRESS_MS;

const isWebKit = (): boolean =>
  /AppleWebKit/.test(navigator.userAgent) && !/Chrom(e|ium)\//.test(navigator.userAgent);

const abandoned = () => composition.setState({ active: false });

if (typeof window !== "undefined") {
  const first = { capture: true };
  window.addEventListener("compositionstart", () => composition.setState({ active: true }), first);
  window.addEventListener(
    "compositionend",
    ({ timeStamp }) => composition.setState({ active: false, endedAt: timeStamp }),
    first,
  );
  // No event ends the composition of a field that is removed or loses the focus.
  for (const event of ["focusin", "focusout", "pointerdown"]) {
    window.addEventListener(event, abandoned, first);
  }
  window.addEventListener(
    "keydown",
    (event) => {
      if (isComposing(event)) event.stopImmediatePropagation();
    },
    first,
  );
}
