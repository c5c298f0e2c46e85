import { render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import germanTexts from "@/lib/glossary/definitions.de.json";
import englishTexts from "@/lib/glossary/definitions.en.json";
import { defined, type Terms, termsIn } from "@/lib/glossary/terms";
import german from "@/lib/glossary/terms.de.json";
import english from "@/lib/glossary/terms.en.json";
import { LANGUAGES } from "@/lib/i18n/language";
import { PANELS } from "@/panels/registry";
import { Glossary } from "./glossary";

const terms: Terms = {
  en: defined(english, englishTexts),
  de: defined(german, germanTexts),
};

afterEach(() => localStorage.clear());

test.each(LANGUAGES)("every term has an explanation that ends in a full stop, %s", (language) => {
  for (const { term, text } of termsIn(terms, language)) {
    expect(term).not.toBe("");
    expect(text).toMatch(/[.)]$/);
    expect(text.split("`").length % 2).toBe(1);
  }
});

test("terms are sorted alphabetically in their language", () => {
  const names = termsIn(terms, "de").map(({ term }) => term);
  expect(names.indexOf("Überraschung")).toBeLessThan(names.indexOf("Vokabular"));
  expect(names.indexOf("Überraschung")).toBeGreaterThan(names.indexOf("Temperatur"));
});

test("every panel's term is in the glossary", () => {
  const ids = terms.en.map(({ id }) => id);
  for (const { term } of PANELS) expect(ids).toContain(term);
});

test("each term links to its own anchor, and text in backticks is shown as code", () => {
  render(<Glossary terms={terms} loaders={{ de: async () => new Map() }} />);
  const links = screen.getAllByRole("link", { name: "residual stream" });
  for (const link of links) expect(link).toHaveAttribute("href", "#residual-stream");
  expect(document.getElementById("residual-stream")).toHaveTextContent("resid_post");
  expect(screen.getByText("resid_post", { selector: "#residual-stream code" })).toBeVisible();
});
