/** Returns `@font-face` rules of these families with the font files embedded. */
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
    // A style sheet of another origin, such as an extension's, cannot be read.
    return [];
  }
}

/** Returns the rule with its font file embedded; empty if it names no file. */
async function embedded(rule: CSSFontFaceRule): Promise<string> {
  const source = rule.style.getPropertyValue("src");
  const address = /url\(["']?([^"')]+)["']?\)/.exec(source)?.[1];
  if (!address) return "";
  const data = address.startsWith("data:")
    ? address
    : await dataAddress(new URL(address, rule.parentStyleSheet?.href ?? document.baseURI));
  const rules = ["font-family", "font-weight", "font-style", "unicode-range"]
    .map((name) => [name, rule.style.getPropertyValue(name)])
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}:${value}`);
  return `@font-face{${rules.join(";")};src:url("${data}") format("woff2")}`;
}

async function dataAddress(address: URL): Promise<string> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the font ${address.pathname} answered ${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `data:font/woff2;base64,${btoa(binary)}`;
}
