import { Split } from "lucide-react";
import { type CSSProperties, memo } from "react";
import { classNames } from "@/components/ui/class-names";
import { isOnlyMarks, textParts, visible } from "@/lib/text/characters";
import { CharacterCode } from "./legible-text";

interface TokenChipProps {
  /** Index in the list, which includes the prompt's tokens. */
  place: number;
  /** The text that the token adds. */
  written: string;
  /** The token's own label, shown if it adds no text yet. */
  label: string;
  description: string;
  /** Probability from 0 to 1, or null if the token was not predicted. */
  prob: number | null;
  kind: "prompt" | "generated";
  shown: boolean;
  newest: boolean;
  reachable: boolean;
  /** Whether the run was forked at this token. */
  forked?: boolean;
}

/** One token in the text. The list around it handles pointer and keyboard events. */
export const TokenChip = memo(function TokenChip(props: TokenChipProps) {
  const { place, written, label, description, prob, kind, shown, newest, reachable, forked } =
    props;
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
        forked && "rounded-l-none shadow-[inset_2px_0_0_0_var(--accent)] pl-1",
      )}
    >
      {forked && (
        <Split
          aria-hidden
          strokeWidth={2.5}
          className="mr-0.5 inline size-[0.7em] rotate-90 align-baseline text-accent"
        />
      )}
      <TokenText written={written} label={label} />
    </span>
  );
});

/** Shows the text that a token adds, or its label if it adds none. */
export function TokenText({ written, label }: Pick<TokenChipProps, "written" | "label">) {
  if (written === "" || SPECIAL.test(label)) {
    return <span className="unwritten" data-label={visible(label)} />;
  }
  return <Written text={written} />;
}

/** Special tokens such as `<|endoftext|>`, which are not part of the text. */
const SPECIAL = /^<\|.*\|>$/;

/**
 * Shows the text with marks or names for its invisible characters. Marks and names are not copied.
 */
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
    // Pieces of an emoji would be drawn as one image, and only the first piece could be pointed at.
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

/** A skin tone, or a regional indicator (half of a flag). */
const EMOJI_PIECE = /^[\p{Emoji_Modifier}\p{Regional_Indicator}]/u;
