export interface TextLine {
  /** Counts from 1. */
  readonly number: number;
  readonly text: string;
  /** Whether a line break ended it. */
  readonly whole: boolean;
}

/**
 * The lines of a file in UTF-8 or UTF-16, plain or gzipped, without a byte-order mark; a torn gzip
 * ends where it is torn.
 */
export async function* textLines(file: Blob): AsyncGenerator<TextLine, void> {
  const packed = await isGzip(file);
  let decoder: TextDecoder | null = null;
  const reader = (packed ? unpacked(file) : file.stream()).getReader();
  let rest = "";
  let number = 0;
  for (;;) {
    const chunk = await reader.read().catch((error: unknown) => {
      if (packed) return { done: true as const, value: undefined };
      throw error;
    });
    decoder ??= new TextDecoder(encodingOf(chunk.value));
    rest += decoder.decode(chunk.value, { stream: !chunk.done });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) yield { number: ++number, text, whole: true };
    if (chunk.done) break;
  }
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
