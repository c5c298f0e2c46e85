// @vitest-environment node
// jsdom does not implement Blob.stream().
import { expect, test } from "vitest";
import { RECORDED_LINES } from "@/lib/contract/recordings.fixture";
import { escaped, PLACEHOLDER, standalonePage, unescaped } from "./standalone";

const template = `<script type="application/x-ndjson">${PLACEHOLDER}</script><script>${PLACEHOLDER}</script>`;

test.each([
  '{"text":"</script><!-- <b>"}',
  '{"text":"a \\\\u003c that is text, \\" and \\n"}',
  '{"text":"\\\\\\\\<"}',
  RECORDED_LINES.join("\n"),
])("the recording of a page is read back unchanged", (json) => {
  const inside = escaped(json);
  expect(inside).not.toContain("<");
  expect(inside.split("\n").map((line) => JSON.parse(line))).toEqual(
    json.split("\n").map((line) => JSON.parse(line)),
  );
  expect(unescaped(inside)).toBe(json);
});

test("no line break or end tag of the script remains", () => {
  const json = '{"text":"a\u2028b\u2029c\u0085</script"}';
  const inside = escaped(json);
  expect(inside).toBe('{"text":"a\\u2028b\\u2029c\\u0085\\u003c/script"}');
  expect(JSON.parse(unescaped(inside))).toEqual(JSON.parse(json));
});

test("only the first placeholder is replaced by the recording", async () => {
  const page = await standalonePage(template, new Blob(['{"text":"<é🦊"}\n']));
  const [first, second] = (await page.text()).split("</script><script>");
  expect(first).toContain('{"text":"\\u003cé🦊"}');
  expect(first).not.toContain(PLACEHOLDER);
  expect(second).toContain(PLACEHOLDER);
});

test("the page starts with the open panels, the selections and the language", async () => {
  const held = `<html lang="en"><script data-view="">${PLACEHOLDER}</script>`;
  const query = 'panels=generated-text.trends*2x1"><b>&lens=time*prob';
  const page = await standalonePage(held, new Blob([]), { query, language: "de" });
  const html = await page.text();
  expect(html).toContain('data-view="panels=generated-text.trends*2x1b&amp;lens=time*prob"');
  expect(html).toContain('<html lang="de">');
});

test("another template is refused", async () => {
  await expect(standalonePage("<html>", new Blob([]))).rejects.toThrow(PLACEHOLDER);
});
