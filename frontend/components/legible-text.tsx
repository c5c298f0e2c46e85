import { textParts } from "@/lib/text/characters";

interface LegibleTextProps {
  text: string;
  /** What stands around it, where it is a piece of a longer text. */
  before?: string | undefined;
  after?: string | undefined;
}

/** A text as it is, with the names of the characters in it that cannot be seen. */
export function LegibleText({ text, before, after }: LegibleTextProps) {
  return textParts(text, { before, after }).map(({ kind, raw, shown }, i) =>
    kind === "code" ? <CharacterCode key={i} raw={raw} code={shown} /> : raw,
  );
}

/**
 * The name of a character that cannot be seen. The character itself is in it, to be copied; by
 * itself in a box, it changes the direction of nothing else.
 */
export const CharacterCode = ({ raw, code }: { raw: string; code: string }) => (
  <span className="character-code" data-code={code}>
    {raw}
  </span>
);
