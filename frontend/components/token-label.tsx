import { codeOf, isOnlyMarks, textParts } from "@/lib/text/characters";
import { classNames } from "./ui/class-names";

export const LABEL_CLASS = "figures text-small";
export const QUIET_CLASS = "text-quiet/80";

interface LabelPart {
  readonly text: string;
  /** Whether it stands for a character that cannot be seen: a mark of white space, a code. */
  readonly quiet: boolean;
}

/** The same tokens come again and again; more than these are forgotten at once. */
const known = new Map<string, readonly LabelPart[]>();
const MOST_KNOWN = 4096;

/** A token's own name with everything in it made visible. */
export function labelParts(label: string): readonly LabelPart[] {
  const before = known.get(label);
  if (before) return before;
  const parts = textParts(label);
  const made = parts.map(({ kind, shown }) => ({
    text: shown,
    quiet: kind === "space" || kind === "code",
  }));
  if (isOnlyMarks(parts)) made.push({ text: ` ${[...label].map(codeOf).join(" ")}`, quiet: true });
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(label, made);
  return made;
}

/** A token's own name in a list; isolated, whichever way its letters are written. */
export function TokenLabel({
  label,
  className,
}: {
  label: string;
  className?: string | undefined;
}) {
  // The white space before a word has an element of its own even where there is none: most labels
  // have it or not, and putting it in and out at every step is dear.
  const [first, ...others] = labelParts(label);
  const leading = first?.quiet ? first : undefined;
  const rest = leading || !first ? others : [first, ...others];
  return (
    <bdi className={classNames(LABEL_CLASS, className)}>
      <span className={QUIET_CLASS}>{leading?.text ?? ""}</span>
      {rest.map(({ text: part, quiet }, i) =>
        quiet ? (
          <span key={i} className={QUIET_CLASS}>
            {part}
          </span>
        ) : (
          part
        ),
      )}
    </bdi>
  );
}
