export interface TextLine {
  /** Counts from 1. */
  readonly number: number;
  readonly text: string;
  /** Whether a line break ended it. */
  readonly whole: boolean;
}

/**
 * Characters of a line, as many as the engine's reader takes bytes. A compressed file of some
 * kilobytes could fill the memory with one line.
 */
const MAX_LINE = 256 * 2 ** 20;

/**
 * The lines of a file in UTF-8 or UTF-16, plain or gzipped, without a byte-order mark; a torn gzip
 * ends where it is torn.
 */
export async function* textLines(file: Blob, longest = MAX_LINE): AsyncGenerator<TextLine, void> {
  const packed = await isGzip(file);
  let decoder: TextDecoder | null = null;
  const reader = (packed ? unpacked(file) : file.stream()).getReader();
  /** The parts of a line whose end has not come yet, joined once it has. */
  let parts: string[] = [];
  let length = 0;
  let number = 0;
  for (;;) {
    const chunk = await reader.read().catch((error: unknown) => {
      if (packed) return { done: true as const, value: undefined };
      throw error;
    });
    decoder ??= new TextDecoder(encodingOf(chunk.value));
    const lines = decoder.decode(chunk.value, { stream: !chunk.done }).split("\n");
    const rest = lines.pop() ?? "";
    for (const end of lines) {
      yield { number: ++number, text: parts.join("") + end, whole: true };
      parts = [];
      length = 0;
    }
    parts.push(rest);
    length += rest.length;
    if (chunk.done) break;
    if (length > longest) {
      await reader.cancel();
      // No event is so long, so what it begins with is enough to say that it is none.
      yield { number: number + 1, text: parts.join("").slice(0, 1000), whole: true };
      return;
    }
  }
  const rest = parts.join("");
  if (rest !== "") yield { number: number + 1, text: rest, whole: false };
}

/**
 * The encoding of a file of JSON by its first bytes: a byte-order mark, or the zero that stands
 * beside the first character in UTF-16.
 */
function encodingOf(bytes: Uint8Array = new Uint8Array()): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first && second === 0)) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || (first === 0 && second)) return "utf-16be";
  return "utf-8";
}

const unpacked = (file: Blob): ReadableStream<Uint8Array> =>
  file.stream().pipeThrough(new DecompressionStream("gzip"));

async function isGzip(file: Blob): Promise<boolean> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return first === 0x1f && second === 0x8b;
}
