export interface TextLine {
  /** The line's number, from 1. */
  readonly number: number;
  readonly text: string;
  /** Whether a line break ended the line. */
  readonly whole: boolean;
}

/**
 * The maximum number of characters per line; the engine's reader accepts as many bytes. Without a
 * limit, a compressed file of a few kilobytes could fill the memory with one line.
 */
const MAX_LINE = 256 * 2 ** 20;

/**
 * Yields the lines of a UTF-8 or UTF-16 file, plain or gzipped, without a byte-order mark. A
 * truncated gzip yields the lines before the truncation.
 */
export async function* textLines(file: Blob, longest = MAX_LINE): AsyncGenerator<TextLine, void> {
  const packed = await isGzip(file);
  let decoder: TextDecoder | null = null;
  const reader = (packed ? unpacked(file) : file.stream()).getReader();
  /** The chunks of an incomplete line, joined at its end. */
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
      // No event is this long, so the beginning is enough for the error message.
      yield { number: number + 1, text: parts.join("").slice(0, 1000), whole: true };
      return;
    }
  }
  const rest = parts.join("");
  if (rest !== "") yield { number: number + 1, text: rest, whole: false };
}

/**
 * Returns the encoding of a JSON file, found from a byte-order mark or from the zero byte beside
 * the first character in UTF-16.
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
