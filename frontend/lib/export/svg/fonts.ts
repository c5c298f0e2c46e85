/** The page's fonts of these names, as rules that hold the font files themselves. */
export async function embeddedFonts(families: ReadonlySet<string>): Promise<string> {
  const rules = [...document.styleSheets].flatMap(facesOf).filter((rule) => {
    const family = rule.style.getPropertyValue("font-family").replaceAll(/["']/g, "");
    return families.has(family);
  });
  return (await Promise.all(rules.map(embedded))).filter(Boolean).join("\n");
}

function facesOf(sheet: CSSStyleSheet): CSSFontFaceRule[] {
  try {
    return [...sheet.cssRules].filter((rule) => rule instanceof CSSFontFaceRule);
  } catch {
    // The sheet of an extension, say, may not be read.
    return [];
  }
}

/** The rule with its file in it; empty for one that names no file. */
async function embedded(rule: CSSFontFaceRule): Promise<string> {
  const source = rule.style.getPropertyValue("src");
  const address = /url\(["']?([^"')]+)["']?\)/.exec(source)?.[1];
  if (!address) return "";
  const data = address.startsWith("data:")
    ? address
    : await dataAddress(new URL(address, rule.parentStyleSheet?.href ?? document.baseURI));
  const kept = ["font-family", "font-weight", "font-style", "unicode-range"]
    .map((name) => [name, rule.style.getPropertyValue(name)])
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}:${value}`);
  return `@font-face{${kept.join(";")};src:url("${data}") format("woff2")}`;
}

async function dataAddress(address: URL): Promise<string> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the font ${address.pathname} answered ${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `data:font/woff2;base64,${btoa(binary)}`;
}
