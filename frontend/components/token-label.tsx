import { text } from "@/lib/text";
import { classNames } from "./ui/class-names";

const MARKS: Record<string, string> = {
  " ": text.token.space,
  "\n": text.token.newline,
  "\t": text.token.tab,
};

export const LABEL_CLASS = "figures text-small";
export const SPACE_CLASS = "text-quiet/80";

interface LabelPart {
  readonly text: string;
  /** The mark of a white space. */
  readonly isSpace: boolean;
}

/** A token's own name with its white space made visible. */
export const labelParts = (label: string): LabelPart[] =>
  label
    .split(/(\s)/)
    .filter(Boolean)
    .map((part) => ({ text: MARKS[part] ?? part, isSpace: part in MARKS }));

/** A token's own name in a list. */
export function TokenLabel({
  label,
  className,
}: {
  label: string;
  className?: string | undefined;
}) {
  // The white space before a word has an element of its own even where there is none: most labels
  // have it or not, and putting it in and out at every step is dear.
  const parts = labelParts(label);
  const leading = parts[0]?.isSpace ? parts.shift() : undefined;
  return (
    <span className={classNames(LABEL_CLASS, className)}>
      <span className={SPACE_CLASS}>{leading?.text ?? ""}</span>
      {parts.map(({ text: part, isSpace }, i) =>
        isSpace ? (
          <span key={i} className={SPACE_CLASS}>
            {part}
          </span>
        ) : (
          part
        ),
      )}
    </span>
  );
}
