import { classNames } from "../ui/class-names";

const TOKENS = 56;
/** Where the two of the picture part. */
const PARTING = 23;
/** Heights of a divergence that is small, leaps and then wanders; not those of any run. */
const DIVERGENCES = Array.from({ length: TOKENS }, (_, at) => {
  const wave = 0.5 + 0.5 * Math.sin(at * 1.7) * Math.cos(at * 0.6);
  return at < PARTING ? 0.03 + 0.09 * wave : 0.25 + 0.7 * wave;
});
const WORDS = [44, 28, 60, 36, 52, 24, 68, 40, 32, 56, 48, 30, 64, 38];
const BARS = [0.92, 0.58, 0.37, 0.24, 0.15, 0.1, 0.06];

/** What a comparison will look like, as faint as a sheet's watermark; it shows no numbers. */
export function CompareGhost() {
  return (
    <div
      aria-hidden
      className="mt-10 hidden min-h-0 flex-1 flex-col gap-6 overflow-hidden border-rule border-t pt-6 [mask-image:linear-gradient(black,transparent)] md:flex"
    >
      <div className="flex h-14 shrink-0 items-end gap-[0.3%]">
        {DIVERGENCES.map((height, at) => (
          <span
            key={at}
            className={classNames(
              "flex-1 rounded-[1px]",
              at === PARTING ? "bg-accent-wash" : "bg-well",
            )}
            style={{ height: `${100 * height}%` }}
          />
        ))}
      </div>
      <div className="grid grid-cols-2 gap-6">
        <Side name="A" words={WORDS} />
        <Side name="B" words={[...WORDS.slice(0, 6), ...WORDS.slice(6).toReversed()]} parting />
      </div>
    </div>
  );
}

interface SideProps {
  name: string;
  words: readonly number[];
  parting?: boolean;
}

function Side({ name, words, parting = false }: SideProps) {
  return (
    <div className="flex flex-col gap-5 rounded-lg border border-rule p-5">
      <span className="font-medium text-quiet text-small">{name}</span>
      <div className="flex flex-wrap gap-1.5">
        {words.map((width, at) => (
          <span
            key={at}
            className={classNames(
              "h-3.5 rounded-sm",
              parting && at === 6 ? "bg-accent-wash" : "bg-well",
            )}
            style={{ width }}
          />
        ))}
      </div>
      <div className="flex flex-col gap-2">
        {BARS.map((share) => (
          <span
            key={share}
            className="h-3.5 rounded-[2px] bg-well"
            style={{ width: `${100 * share}%` }}
          />
        ))}
      </div>
    </div>
  );
}
