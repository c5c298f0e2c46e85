import { type CSSProperties, memo } from "react";
import { isOnlyMarks, textParts, visible } from "@/lib/text/characters";
import { CharacterCode } from "./legible-text";
import { classNames } from "./ui/class-names";

interface TokenChipProps {
  /** Place in the list, prompt tokens included. */
  place: number;
  /** What the token adds to the text. */
  written: string;
  /** The token's own name, for one that adds nothing yet. */
  label: string;
  description: string;
  /** 0 to 1, or null for a token that was not predicted. */
  prob: number | null;
  kind: "prompt" | "generated";
  shown: boolean;
  newest: boolean;
  reachable: boolean;
}

/** One token in the running text; the list around it listens to pointer and keys. */
export const TokenChip = memo(function TokenChip(props: TokenChipProps) {
  const { place, written, label, description, prob, kind, shown, newest, reachable } = props;
  return (
    <span
      role="option"
      aria-selected={shown}
      aria-label={description}
      tabIndex={reachable ? 0 : -1}
      data-place={place}
      data-newest={newest || undefined}
      style={{ "--prob": prob ?? 0 } as CSSProperties}
      className={classNames(
        "cursor-pointer rounded-[3px] py-[0.1em] outline-offset-1",
        kind === "prompt" ? "cursor-default text-quiet" : "token-shade hover:bg-data-soft",
        newest && "rounded-b-none",
      )}
    >
      <TokenText written={written} label={label} />
    </span>
  );
});

/** What a token adds to the text, or its own name where that is nothing. */
export function TokenText({ written, label }: Pick<TokenChipProps, "written" | "label">) {
  if (written === "" || SPECIAL.test(label)) {
    return <span className="unwritten" data-label={visible(label)} />;
  }
  return <Written text={written} />;
}

/** Tokens such as `<|endoftext|>` stand for no text of their own. */
const SPECIAL = /^<\|.*\|>$/;

/** The text itself; what cannot be seen has a mark or a name that copying leaves behind. */
function Written({ text: written }: { text: string }) {
  const parts = textParts(written);
  return parts.map(({ kind, raw, shown }, i) => {
    if (kind === "space") {
      return (
        <span key={i} className="white-space" data-mark={/[\n\t\r]/.test(raw) ? shown : "␣"}>
          {raw}
        </span>
      );
    }
    if (kind === "code") return <CharacterCode key={i} raw={raw} code={shown} />;
    if (isOnlyMarks(parts)) {
      return (
        <span key={i} className="lone-mark">
          {raw}
        </span>
      );
    }
    // Pieces of an emoji would become one picture, of which only the first could be pointed at.
    if (i === 0 && EMOJI_PIECE.test(raw)) {
      return (
        <span key={i} className="inline-block">
          {raw}
        </span>
      );
    }
    return raw;
  });
}

/** A skin tone, or a letter of a flag. */
const EMOJI_PIECE = /^[\p{Emoji_Modifier}\p{Regional_Indicator}]/u;
