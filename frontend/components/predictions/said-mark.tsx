/** Where the token that was said stands in the list: one mark that moves, behind the rows. */
export function SaidMark({ place }: { place: number }) {
  return (
    <div
      aria-hidden
      className="absolute inset-x-0 top-[1.375rem] -z-10 h-[1.625rem] rounded bg-accent-wash pl-20 text-accent text-micro leading-[1.625rem]"
      style={{ transform: `translateY(${place * 1.625}rem)` }}
    >
      ◂
    </div>
  );
}
