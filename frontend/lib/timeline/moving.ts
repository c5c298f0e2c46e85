/** Changes that follow each other within this time would never see an animation end. */
const SETTLES_MS = 160;

/** Tells when tokens begin to go by too fast to animate what they change, and when they rest again. */
export function createMoving(tell: (moving: boolean) => void) {
  let rests: ReturnType<typeof setTimeout> | undefined;
  let moving = false;
  const rest = () => {
    rests = undefined;
    if (moving) tell(false);
    moving = false;
  };
  return {
    /** Another token is shown. */
    changed(): void {
      if (rests !== undefined && !moving) {
        moving = true;
        tell(true);
      }
      clearTimeout(rests);
      rests = setTimeout(rest, SETTLES_MS);
    },
    /** Nobody watches any more. */
    end(): void {
      clearTimeout(rests);
      rest();
    },
  };
}
