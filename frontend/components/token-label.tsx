import { text } from "@/lib/text";
import { classNames } from "./ui/class-names";

const MARKS: Record<string, string> = {
  " ": text.token.space,
  "\n": text.token.newline,
  "\t": text.token.tab,
};

/** A token's own name in a list, with its white space made visible. */
export function TokenLabel({
  label,
  className,
}: {
  label: string;
  className?: string | undefined;
}) {
  // The white space before a word has an element of its own even where there is none: most labels
  // have it or not, and putting it in and out at every step is dear.
  const leading = MARKS[label.charAt(0)] ?? "";
  const parts = (leading ? label.slice(1) : label).split(/(\s)/).filter(Boolean);
  return (
    <span className={classNames("figures text-small", className)}>
      <span className="text-quiet/80">{leading}</span>
      {parts.map((part, i) =>
        part in MARKS ? (
          <span key={i} className="text-quiet/80">
            {MARKS[part]}
          </span>
        ) : (
          part
        ),
      )}
    </span>
  );
}
