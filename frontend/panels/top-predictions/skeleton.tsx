import { classNames } from "@/components/ui/class-names";

const SHARES = Array.from({ length: 20 }, (_, place) => 0.6 * 0.72 ** place);

/** A placeholder for the list before the first token. */
export function Skeleton({ breathing }: { breathing: boolean }) {
  return (
    <div
      aria-hidden
      className={classNames(
        "flex h-full flex-col overflow-hidden pt-[1.375rem]",
        breathing && "breathing",
      )}
    >
      {SHARES.map((share) => (
        <div key={share} className="flex h-[1.625rem] shrink-0 items-center gap-2 pl-1.5">
          <span className="w-24">
            <span
              className="block h-2.5 rounded-sm bg-well"
              style={{ width: `${40 + share * 60}%` }}
            />
          </span>
          <span className="h-3.5 flex-1 rounded-[2px] bg-well">
            <span
              className="block h-full rounded-[2px] bg-rule"
              style={{ width: `${share * 100}%` }}
            />
          </span>
          <span className="ml-28 h-2.5 w-10 rounded-sm bg-well" />
        </div>
      ))}
    </div>
  );
}
