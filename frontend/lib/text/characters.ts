/**
 * How characters that cannot be seen are shown. `mav_engine/characters.py` has the same rules for
 * the terminal and for Python's exports; `tests/characters.json` holds both to them.
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
  /** The characters themselves. */
  readonly raw: string;
  /** What is shown instead; the same where they are shown as they are. */
  readonly shown: string;
}

/** Marks of white space; every other space of Unicode has that of the ordinary one. */
export const SPACE_MARKS: Readonly<Record<string, string>> = {
  "\n": "⏎",
  "\t": "⇥",
  "\r": "←",
  "\u00a0": "⍽",
  "\u202f": "⍽",
};
const SPACE_MARK = "␣";

const SPACE = /^[\p{Zs}\n\t\r\u2800]$/u;
/** Signs before Arabic and Kaithi numbers: Unicode calls them formats, but they are drawn. */
const DRAWN_FORMAT = /^[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]$/u;
const UNSEEN = /^[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]$/u;
const COMBINING = /^[\p{M}]$/u;
/** They shape the characters around them: Persian words, families of emoji. */
const JOINER = /^[\u200c\u200d]$/;
/** They choose a form of the character before: Emoji, Mongolian, ideographs. */
const SELECTOR = /^[\ufe00-\ufe0f\u180b-\u180d\u180f]$/u;
const IDEOGRAPHIC_SELECTOR = /^[\u{e0100}-\u{e01ef}]$/u;
const LETTER_OF_NO_CASE = /^\p{Lo}$/u;
/** The flags of England, Scotland, Wales: letters that only such a flag may have behind it. */
const FLAG_TAGS = /^\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}/u;
/** Only texts with one of these have more than one part. */
const SPECIAL = /[\s\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;

const isSpace = (character: string): boolean => SPACE.test(character);
const isUnseen = (character: string): boolean =>
  UNSEEN.test(character) && !DRAWN_FORMAT.test(character) && !isSpace(character);
const isDrawn = (character: string | undefined): boolean =>
  character !== undefined && !isSpace(character) && !isUnseen(character);

/** The code point as Unicode writes it. */
export const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

/** What stands around a text, where that is known: a joiner joins across its ends. */
interface Around {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** A text in parts of one kind each; all `raw` put together are the text. */
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

/** What an invisible character may change: the drawn one before it, where there is one. */
interface Behind {
  readonly base: string | undefined;
  /** Whether it has been changed by one already. */
  readonly selected: boolean;
}

const NOTHING: Behind = { base: undefined, selected: false };

function followed(before: string | undefined): Behind {
  if (before === undefined) return NOTHING;
  if (SELECTOR.test(before)) return { base: before, selected: true };
  return isDrawn(before) ? { base: before, selected: false } : NOTHING;
}

/** Whether an invisible character belongs to what stands around it and changes how that looks. */
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

/** Letters that are written from right to left. */
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * A token's text in a sentence: everything in it can be seen, and letters that are written from
 * right to left leave the order of the words around them as it is.
 */
export function visible(label: string): string {
  const parts = textParts(label);
  const shown = parts.map((part) => part.shown).join("");
  return isOnlyMarks(parts) ? `${shown} ${[...label].map(codeOf).join(" ")}` : isolated(shown);
}

/** The same of a text of several words: its spaces stay as they are. */
export function legible(text: string): string {
  const parts = textParts(text);
  return isolated(parts.map(({ kind, raw, shown }) => (kind === "space" ? raw : shown)).join(""));
}

const isolated = (shown: string): string =>
  RIGHT_TO_LEFT.test(shown) ? `\u2068${shown}\u2069` : shown;

/** Whether there is nothing but combining marks, which few can tell apart on a dotted circle. */
export const isOnlyMarks = (parts: readonly TextPart[]): boolean =>
  parts.length === 1 && parts[0]?.kind === "mark";

/** Controls other than tab and line breaks, lone surrogates, noncharacters. */
const NOT_EXCHANGED = /(?![\t\n\r])[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu;
/** What a spreadsheet may compute, and what would be taken for such a text with its apostrophe. */
const FORMULA = /^'*(?:[\t\r]|\s*[=+@\uff1d\uff0b\uff0d\uff20-])/;

/**
 * A text as a field of a CSV file, before its quotes.
 *
 * Spreadsheets compute what begins with `=`, `+`, `-` or `@`: such a text, white space before it or
 * not, gets an apostrophe in front, as does one that begins with a tab or carriage return. To have the
 * text back, take one apostrophe away where what follows it is such a text. Characters that readers
 * refuse or drop stand by their names.
 */
export function tableText(text: string): string {
  const shown = text.replace(NOT_EXCHANGED, codeOf);
  return FORMULA.test(shown) ? `'${shown}` : shown;
}

/** What XML 1.0 does not allow even by number. */
const NOT_XML = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** A document that a parser of XML takes: characters that it may not hold stand by their names. */
export const xmlText = (xml: string): string => xml.replace(NOT_XML, codeOf);
