import { classNames } from "@/components/ui/class-names";
import { cache } from "@/lib/caching/cache";
import { codeOf, isOnlyMarks, textParts } from "@/lib/text/characters";

export const LABEL_CLASS = "figures text-small";
export const QUIET_CLASS = "text-quiet/80";

interface LabelPart {
  readonly text: string;
  /** True for marks of white space and codes of invisible characters. */
  readonly quiet: boolean;
}

/** Parsed labels, because the same tokens occur again and again. */
const cachedParts = cache<string, readonly LabelPart[]>(4096);

/** Splits a token's label into parts in which every character is visible. */
export const labelParts = (label: string): readonly LabelPart[] =>
  cachedParts(label, () => makeParts(label));

function makeParts(label: string): LabelPart[] {
  const parts = textParts(label);
  const made = parts.map(({ kind, shown }) => ({
    text: shown,
    quiet: kind === "space" || kind === "code",
  }));
  if (isOnlyMarks(parts)) made.push({ text: ` ${[...label].map(codeOf).join(" ")}`, quiet: true });
  return made;
}

/** A token's label in a list. The `bdi` element isolates right-to-left scripts. */
export function TokenLabel({
  label,
  className,
}: {
  label: string;
  className?: string | undefined;
}) {
  // Leading white space always has an element, even if empty. Most labels in a list differ in it,
  // and adding and removing the element at every step is slow.
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
