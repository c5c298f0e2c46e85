export const SAID_SIGN = "◂";
/** The classes of the mark on a row, without its position. */
export const SAID_MARK_CLASS =
  "absolute inset-x-0 h-[1.625rem] rounded bg-accent-wash pl-[calc(var(--name)-1rem)] text-accent text-micro leading-[1.625rem]";

/**
 * Marks the chosen token's row in the list. One element that moves, behind the rows. It is
 * positioned from the last row, because the header may have one or two lines.
 */
export function ChosenMark({ place, rows }: { place: number; rows: number }) {
  return (
    <div
      aria-hidden
      className={`${SAID_MARK_CLASS} bottom-0 -z-10`}
      style={{ transform: `translateY(${(place + 1 - rows) * 1.625}rem)` }}
    >
      {SAID_SIGN}
    </div>
  );
}
