import { textParts } from "@/lib/text/characters";

interface LegibleTextProps {
  text: string;
  /** The text before and after it, if it is part of a longer text. */
  before?: string | undefined;
  after?: string | undefined;
}

/** Shows a text, with names in place of its invisible characters. */
export function LegibleText({ text, before, after }: LegibleTextProps) {
  return textParts(text, { before, after }).map(({ kind, raw, shown }, i) =>
    kind === "code" ? <CharacterCode key={i} raw={raw} code={shown} /> : raw,
  );
}

/**
 * The name of an invisible character. The element contains the character itself, so that it is
 * copied, and isolates it, so that it does not change the direction of other text.
 */
export const CharacterCode = ({ raw, code }: { raw: string; code: string }) => (
  <span className="character-code" data-code={code}>
    {raw}
  </span>
);
