// @vitest-environment node
// jsdom does not implement Blob.stream().
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { type TextLine, textLines } from "./text-lines";

async function linesOf(text: string, longest?: number) {
  const lines: TextLine[] = [];
  for await (const line of textLines(new Blob([gzipSync(text)]), longest)) lines.push(line);
  return lines;
}

test("lines that arrive in many chunks are joined", async () => {
  const long = "a".repeat(1_000_000);
  const lines = await linesOf(`${long}\nb\n${long}`);
  expect(lines.map(({ text, whole }) => [text.length, whole])).toEqual([
    [1_000_000, true],
    [1, true],
    [1_000_000, false],
  ]);
});

test("a line that is too long for an event is not read to its end", async () => {
  const lines = await linesOf(`first\n${" ".repeat(50_000_000)}\nlast`, 100_000);
  expect(lines.map(({ number, text }) => [number, text.length])).toEqual([
    [1, 5],
    [2, 1000],
  ]);
});
