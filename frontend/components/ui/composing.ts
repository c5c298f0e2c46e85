/**
 * Input methods for Chinese, Japanese, Korean and others take Enter, Escape and arrow keys to choose
 * among candidates. Importing this module keeps such keys from every handler of the page; the field
 * itself gets them.
 *
 * Chromium and Firefox set `isComposing`. WebKit ends the composition before it sends the key, with
 * `keyCode` 229 or, where the composition ended in the same press, with the key's own code.
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229 || composing || justEnded(event);
}

/** Whether a composition has begun and not ended. */
let composing = false;
let endedAt = Number.NEGATIVE_INFINITY;

/** In WebKit the key of the press that ended a composition comes within this time. */
const SAME_PRESS_MS = 50;

const justEnded = ({ timeStamp }: KeyboardEvent): boolean =>
  isWebKit() && Math.abs(timeStamp - endedAt) < SAME_PRESS_MS;

const isWebKit = (): boolean =>
  /AppleWebKit/.test(navigator.userAgent) && !/Chrom(e|ium)\//.test(navigator.userAgent);

const abandoned = () => {
  composing = false;
};

if (typeof window !== "undefined") {
  const first = { capture: true };
  window.addEventListener(
    "compositionstart",
    () => {
      composing = true;
    },
    first,
  );
  window.addEventListener(
    "compositionend",
    ({ timeStamp }) => {
      composing = false;
      endedAt = timeStamp;
    },
    first,
  );
  // A field that is removed or left in the middle of a composition never ends it.
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
