import { text } from "@/lib/text/en";
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
  const parts = label.split(/(\s)/).filter(Boolean);
  return (
    <span className={classNames("figures text-small", className)}>
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
