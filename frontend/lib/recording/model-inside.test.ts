// @vitest-environment node
// jsdom implements neither Blob.stream() nor CompressionStream.
import { expect, test } from "vitest";
import type { ModelInfo } from "@/lib/contract";
import { policyOf, withPolicy } from "@/scripts/pages.mjs";
import {
  hasModelInside,
  isOfModel,
  ModelDamaged,
  modelInside,
  packModel,
  SITE_FILES,
  unpackModel,
} from "./model-inside";
import { PLACEHOLDER, standalonePage } from "./standalone";

const INFO = { name: "browser:mav-tiny", title: "</script><b>" } as ModelInfo;
const bytes = (text: string) => new TextEncoder().encode(text);

/** Files with any bytes; the weights have an odd number of them. */
const FILES = new Map([
  ...SITE_FILES.map((name) => [name, bytes(`content of ${name} </script>`)] as const),
  ["config.json", bytes("{}")] as const,
  ["empty.json", bytes("")] as const,
  ["model.safetensors", Uint8Array.from({ length: 100_001 }, (_, i) => (i * 7919) >> 3)] as const,
]);

/** The elements of a page by id, as far as this format uses them. */
function documentOf(html: string): Document {
  const texts = new Map(
    [...html.matchAll(/<script id="([^"]+)"[^>]*>([\s\S]*?)<\/script>/g)].map(
      ([, id, text]) => [id, text] as const,
    ),
  );
  const getElementById = (id: string) =>
    texts.has(id) ? { textContent: texts.get(id) ?? null } : null;
  return { getElementById } as Document;
}

const PACKED = await (await packModel(INFO, FILES)).text();

async function unpacked(html: string) {
  const page = documentOf(html);
  const inside = modelInside(page);
  if (!inside) throw new Error("no model");
  return unpackModel(page, inside);
}

test("a model is read back unchanged", async () => {
  const { worker, model } = await unpacked(PACKED);
  expect(model.info).toEqual(INFO);
  const { "model.safetensors": weights, ...rest } = model.files;
  expect(weights).toEqual(FILES.get("model.safetensors"));
  expect(Object.keys(rest)).toEqual(["config.json", "empty.json"]);
  expect(await worker.text()).toBe("content of local/whole-worker.js </script>");
  const { engine = "", calibration = "" } = model.site ?? {};
  expect(await new Response(engine).text()).toBe("content of local/engine.wasm </script>");
  expect(await new Response(calibration).text()).toBe("content of local/calibration.txt </script>");
});

test("damaged content is refused", async () => {
  const begin = PACKED.indexOf('type="text/plain">') + 'type="text/plain">'.length;
  const end = PACKED.lastIndexOf("</script>");
  const middle = (begin + end) >> 1;
  const other = PACKED[middle] === "A" ? "B" : "A";
  for (const damaged of [
    PACKED.slice(0, middle) + other + PACKED.slice(middle + 1),
    `${PACKED.slice(0, middle)}%${PACKED.slice(middle + 1)}`,
    PACKED.slice(0, middle) + PACKED.slice(end),
    PACKED.slice(0, begin) + PACKED.slice(end),
    PACKED.replace('"config.json",2', '"config.json",3'),
    PACKED.replace("mav-model-files", "another"),
  ]) {
    expect(damaged).not.toBe(PACKED);
    await expect(unpacked(damaged)).rejects.toThrow(ModelDamaged);
  }
});

test("a broken description is none", () => {
  const broken = documentOf(PACKED.replace("{", "["));
  expect(hasModelInside(broken)).toBe(true);
  expect(modelInside(broken)).toBeNull();
  expect(hasModelInside(documentOf(""))).toBe(false);
  expect(modelInside(documentOf(""))).toBeNull();
});

test("it computes the runs of the same model on a server", () => {
  const inside = { info: INFO, files: [] };
  expect(isOfModel(inside, "browser:mav-tiny")).toBe(true);
  expect(isOfModel(inside, "mav-tiny")).toBe(true);
  expect(isOfModel(inside, "tiny")).toBe(false);
});

test("only a page with a model may start a worker and compile the engine", async () => {
  const head = '<html lang="en"><meta charset="utf-8" />';
  const script = "<script>'worker-src script-src '</script>";
  const data = `<script id="mav-recording" type="application/x-ndjson">${PLACEHOLDER}</script>`;
  const template = withPolicy(`${head}${data}${script}`);
  const recording = new Blob(['{"text":"</script>"}\n']);
  const view = { query: "", language: "en" };
  const without = await (await standalonePage(template, recording, view)).text();
  expect(without).toContain(policyOf(`${data}${script}`));
  expect(without).not.toContain("wasm");
  const page = await standalonePage(template, recording, view, await packModel(INFO, FILES));
  const html = await page.text();
  const [, policy = ""] = /Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
  const changed = policy.split("; ").filter((each) => !without.includes(each));
  const hash = /'sha256-[^']+'/.exec(policy)?.[0];
  expect(changed).toEqual([`script-src 'wasm-unsafe-eval' ${hash}`, "worker-src blob:"]);
  // Everything else is the page without the model.
  expect(html.replace(policy, "").replace(PACKED, "")).toBe(
    without.replace(/(?<=content=")[^"]*sha256[^"]*/, ""),
  );
  expect((await unpacked(html)).model.info).toEqual(INFO);
});
