/** Updates that follow each other within this time (ms) are too fast to be animated. */
const SETTLES_MS = 160;

/**
 * Detects when updates become too fast to animate and when they have settled again. Calls
 * `onChange` with true and false.
 */
export function createRapidUpdates(onChange: (moving: boolean) => void) {
  let rests: ReturnType<typeof setTimeout> | undefined;
  let moving = false;
  const rest = () => {
    rests = undefined;
    if (moving) onChange(false);
    moving = false;
  };
  return {
    /** Reports an update. */
    changed(): void {
      if (rests !== undefined && !moving) {
        moving = true;
        onChange(true);
      }
      clearTimeout(rests);
      rests = setTimeout(rest, SETTLES_MS);
    },
    /** Stops watching and reports settled updates. */
    end(): void {
      clearTimeout(rests);
      rest();
    },
  };
}
