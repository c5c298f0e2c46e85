export const SAID_SIGN = "◂";
/** Of a row, wherever it stands. */
export const SAID_MARK_CLASS =
  "absolute inset-x-0 h-[1.625rem] rounded bg-accent-wash pl-20 text-accent text-micro leading-[1.625rem]";

/**
 * Where the token that was said stands in the list: one mark that moves, behind the rows. It is
 * placed from the last row, since the head above them may have two lines.
 */
export function SaidMark({ place, rows }: { place: number; rows: number }) {
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
