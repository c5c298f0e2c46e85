/** Byte-level tokens: each byte is written as a printable character (GPT-2's table). */

const ALL_BYTES = Array.from({ length: 256 }, (_, byte) => byte);

const isPrintable = (byte: number) =>
  (byte >= 0x21 && byte < 0x7f) || (byte >= 0xa1 && byte < 0xad) || byte >= 0xae;

const OTHERS: readonly number[] = ALL_BYTES.filter((byte) => !isPrintable(byte));

/** The character that stands for each byte. */
export const STAND_INS: readonly string[] = ALL_BYTES.map((byte) =>
  String.fromCharCode(isPrintable(byte) ? byte : 0x100 + OTHERS.indexOf(byte)),
);

const BYTES: ReadonlyMap<string, number> = new Map(STAND_INS.map((each, byte) => [each, byte]));

/** The bytes of a token; null if one of its characters stands for no byte. */
export function bytesOf(piece: string): Uint8Array | null {
  const bytes = new Uint8Array(piece.length);
  for (let place = 0; place < piece.length; place++) {
    const byte = BYTES.get(piece.charAt(place));
    if (byte === undefined) return null;
    bytes[place] = byte;
  }
  return bytes;
}
