/**
 * The regular expressions that split a text into words, as the tokenizers library applies them.
 *
 * White space is Unicode's: JavaScript's `\s` lacks U+0085 and has U+FEFF.
 */

const W = "\\p{White_Space}";
const NOT_W = "\\P{White_Space}";
const SYMBOLS = `[^${W}\\p{L}\\p{N}]`;
/** Of the letters that are equal to others but for their case, only the long s is not ASCII. */
const ENDINGS = "'(?:[sS\u017ftTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])";

/** GPT-2's words. */
const GPT2_WORDS = `'(?:s|t|re|ve|m|ll|d)| ?\\p{L}+| ?\\p{N}+| ?${SYMBOLS}+|${W}+(?!${NOT_W})|${W}+`;

/** Words of Qwen2 and Llama 3, which differ in how many digits are a word. */
const laterWords = (digits: string): string =>
  `${ENDINGS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?${SYMBOLS}+[\\r\\n]*` +
  `|${W}*[\\r\\n]+|${W}+(?!${NOT_W})|${W}+`;

/** The patterns of JavaScript that split a text, by name. */
export const WORDS = {
  gpt2: GPT2_WORDS,
  qwen2: laterWords("\\p{N}"),
  llama3: laterWords("\\p{N}{1,3}"),
  digit: "\\p{N}",
  number: "\\p{N}+",
};

/** The patterns of `tokenizer.json` that are supported. */
const LATER =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|DIGITS" +
  "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

const PATTERNS: ReadonlyMap<string, string> = new Map([
  [
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    WORDS.gpt2,
  ],
  [LATER.replace("DIGITS", "\\p{N}"), WORDS.qwen2],
  [LATER.replace("DIGITS", "\\p{N}{1,3}"), WORDS.llama3],
]);

/** The pattern of JavaScript for one of `tokenizer.json`; null if it is not supported. */
export function wordPattern(pattern: string): string | null {
  return PATTERNS.get(pattern) ?? null;
}
