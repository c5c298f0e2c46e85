export interface TextLine {
  /** Counts from 1. */
  readonly number: number;
  readonly text: string;
  /** Whether a line break ended it. */
  readonly whole: boolean;
}

/** The lines of a file in UTF-8, plain or gzipped; a torn gzip ends where it is torn. */
export async function* textLines(file: Blob): AsyncGenerator<TextLine, void> {
  const packed = await isGzip(file);
  const decoder = new TextDecoder();
  const reader = (packed ? unpacked(file) : file.stream()).getReader();
  let rest = "";
  let number = 0;
  for (;;) {
    const chunk = await reader.read().catch((error: unknown) => {
      if (packed) return { done: true as const, value: undefined };
      throw error;
    });
    rest += decoder.decode(chunk.value, { stream: !chunk.done });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) yield { number: ++number, text, whole: true };
    if (chunk.done) break;
  }
  if (rest !== "") yield { number: number + 1, text: rest, whole: false };
}

const unpacked = (file: Blob): ReadableStream<Uint8Array> =>
  file.stream().pipeThrough(new DecompressionStream("gzip"));

async function isGzip(file: Blob): Promise<boolean> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return first === 0x1f && second === 0x8b;
}
