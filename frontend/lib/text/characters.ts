/**
 * Makes invisible characters visible. `mav_engine/characters.py` has the same rules for the
 * terminal and for Python's exports; tests of both use `tests/characters.json`.
 */

/**
 * text: shown as it is.
 * space: a visible mark instead.
 * code: `U+200D` instead.
 * mark: combining marks without a letter to stand on; shown on a dotted circle.
 */
export type PartKind = "text" | "space" | "code" | "mark";

export interface TextPart {
  readonly kind: PartKind;
  /** The original characters. */
  readonly raw: string;
  /** The text shown in their place. */
  readonly shown: string;
}

/** Marks for white space. All other Unicode spaces have the mark of the ordinary space. */
export const SPACE_MARKS: Readonly<Record<string, string>> = {
  "\n": "⏎",
  "\t": "⇥",
  "\r": "←",
  "\u00a0": "⍽",
  "\u202f": "⍽",
};
const SPACE_MARK = "␣";

const SPACE = /^[\p{Zs}\n\t\r\u2800]$/u;
/**
 * Prefix signs of Arabic and Kaithi numbers. Unicode classifies them as format characters, but they
 * are visible.
 */
const DRAWN_FORMAT = /^[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]$/u;
const UNSEEN = /^[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]$/u;
const COMBINING = /^[\p{M}]$/u;
/** Join the characters around them, as in Persian words and emoji families. */
const JOINER = /^[\u200c\u200d]$/;
/** Select a form of the character before: emoji, Mongolian, ideographs. */
const SELECTOR = /^[\ufe00-\ufe0f\u180b-\u180d\u180f]$/u;
const IDEOGRAPHIC_SELECTOR = /^[\u{e0100}-\u{e01ef}]$/u;
const LETTER_OF_NO_CASE = /^\p{Lo}$/u;
/**
 * The flags of England, Scotland and Wales. Their tag characters are valid only after the black
 * flag.
 */
const FLAG_TAGS = /^\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}/u;
/** Only texts with one of these characters have more than one part. */
const SPECIAL = /[\s\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;

const isSpace = (character: string): boolean => SPACE.test(character);
const isUnseen = (character: string): boolean =>
  UNSEEN.test(character) && !DRAWN_FORMAT.test(character) && !isSpace(character);
const isDrawn = (character: string | undefined): boolean =>
  character !== undefined && !isSpace(character) && !isUnseen(character);

/** Returns the code point in Unicode notation. */
export const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

/**
 * The characters next to a text, if known. A joiner at the end of the text may join one of them.
 */
interface Around {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** Splits a text into parts of one kind each. The `raw` of all parts joined are the text. */
export function textParts(text: string, around: Around = {}): readonly TextPart[] {
  if (text === "") return [];
  if (!SPECIAL.test(text)) return [{ kind: "text", raw: text, shown: text }];
  const parts: TextPart[] = [];
  const add = (kind: PartKind, raw: string, shown: string) => {
    const last = parts.at(-1);
    if (last?.kind === kind && (kind === "text" || kind === "mark")) {
      parts[parts.length - 1] = { kind, raw: last.raw + raw, shown: last.shown + shown };
    } else parts.push({ kind, raw, shown });
  };
  const characters = [...text];
  const following = around.after === undefined ? undefined : [...around.after][0];
  let behind = followed(around.before === undefined ? undefined : [...around.before].at(-1));
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    const after = characters[at + 1] ?? following;
    const flag = FLAG_TAGS.exec(character === "\u{1f3f4}" ? characters.slice(at).join("") : "");
    if (flag) {
      add("text", flag[0], flag[0]);
      at += [...flag[0]].length - 1;
      behind = { base: character, selected: true };
    } else if (isSpace(character)) {
      add("space", character, SPACE_MARKS[character] ?? SPACE_MARK);
      behind = NOTHING;
    } else if (!isUnseen(character)) {
      const alone = COMBINING.test(character) && behind.base === undefined;
      const onMark = COMBINING.test(character) && parts.at(-1)?.kind === "mark";
      add(alone || onMark ? "mark" : "text", character, alone ? `◌${character}` : character);
      behind = { base: character, selected: false };
    } else if (isPartOfWriting(character, behind, after)) {
      add("text", character, character);
      behind = { ...behind, selected: true };
    } else {
      add("code", character, codeOf(character));
      behind = NOTHING;
    }
  }
  return parts;
}

/** The visible character that an invisible one may modify, if there is one. */
interface Behind {
  readonly base: string | undefined;
  /** Whether a variation selector has modified it already. */
  readonly selected: boolean;
}

const NOTHING: Behind = { base: undefined, selected: false };

function followed(before: string | undefined): Behind {
  if (before === undefined) return NOTHING;
  if (SELECTOR.test(before)) return { base: before, selected: true };
  return isDrawn(before) ? { base: before, selected: false } : NOTHING;
}

/** Whether an invisible character changes how its neighbours look, and so needs no code. */
function isPartOfWriting(
  character: string,
  { base, selected }: Behind,
  after: string | undefined,
): boolean {
  if (base === undefined) return false;
  if (JOINER.test(character)) return isDrawn(after) && !COMBINING.test(after ?? "");
  if (selected) return false;
  if (SELECTOR.test(character)) return true;
  return IDEOGRAPHIC_SELECTOR.test(character) && LETTER_OF_NO_CASE.test(base);
}

/** Right-to-left letters. */
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * Returns a token's text for use in a sentence: invisible characters are replaced, and
 * right-to-left text is isolated so that it does not change the order of the words around it.
 */
export function visible(label: string): string {
  const parts = textParts(label);
  const shown = parts.map((part) => part.shown).join("");
  return isOnlyMarks(parts) ? `${shown} ${[...label].map(codeOf).join(" ")}` : isolated(shown);
}

/** Returns the text of a token without the mark of a leading space, for pictures and sentences. */
export const shortLabel = (label: string): string => visible(label).replace(/^␣(?=.)/, "");

/** Like `visible` for a text of several words: its spaces stay. */
export function legible(text: string): string {
  const parts = textParts(text);
  return isolated(parts.map(({ kind, raw, shown }) => (kind === "space" ? raw : shown)).join(""));
}

const isolated = (shown: string): string =>
  RIGHT_TO_LEFT.test(shown) ? `\u2068${shown}\u2069` : shown;

/** Whether the text is only combining marks, which are hard to distinguish on a dotted circle. */
export const isOnlyMarks = (parts: readonly TextPart[]): boolean =>
  parts.length === 1 && parts[0]?.kind === "mark";

/** Control characters other than tab and line breaks, lone surrogates, noncharacters. */
const NOT_EXCHANGED = /(?![\t\n\r])[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu;
/** A text that spreadsheets may treat as a formula, or such a text after an apostrophe. */
const FORMULA = /^'*(?:[\t\r]|\s*[=+@\uff1d\uff0b\uff0d\uff20-])/;

/**
 * Prepares a text for a CSV field, before quoting.
 *
 * Spreadsheets evaluate text that begins with `=`, `+`, `-` or `@`, possibly after white space.
 * Such text gets an apostrophe in front, as does text that begins with a tab or carriage return. To
 * restore the original, remove one apostrophe if such a text follows it. Characters that CSV
 * readers reject or drop are replaced by their code points.
 */
export function tableText(text: string): string {
  const shown = text.replace(NOT_EXCHANGED, codeOf);
  return FORMULA.test(shown) ? `'${shown}` : shown;
}

/** Characters that XML 1.0 does not allow even as references. */
const NOT_XML = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Replaces characters that XML does not allow by their code points. */
export const xmlText = (xml: string): string => xml.replace(NOT_XML, codeOf);
