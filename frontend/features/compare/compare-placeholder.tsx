import { classNames } from "@/components/ui/class-names";

const TOKENS = 56;
/** Index of the token at which the two runs diverge. */
const PARTING = 23;
/** Heights of made-up divergences: small at first, then larger and varying. */
const DIVERGENCES = Array.from({ length: TOKENS }, (_, at) => {
  const wave = 0.5 + 0.5 * Math.sin(at * 1.7) * Math.cos(at * 0.6);
  return at < PARTING ? 0.03 + 0.09 * wave : 0.25 + 0.7 * wave;
});
const WORDS = [44, 28, 60, 36, 52, 24, 68, 40, 32, 56, 48, 30, 64, 38];
const BARS = [0.92, 0.58, 0.37, 0.24, 0.15, 0.1, 0.06];

/** A faint drawing of what a comparison looks like, without numbers. */
export function ComparePlaceholder() {
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
