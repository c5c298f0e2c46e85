import { act, render, screen } from "@testing-library/react";
import { use } from "react";
import { expect, test } from "vitest";
import { chooseLanguage, LANGUAGE_SCRIPT, type Loaders } from "./language";
import { useVisitorsLanguage } from "./use-language";

/** Begins a page of a German visitor, as its inline script does before the first paint. */
function arrive(): void {
  window.history.replaceState(null, "", "/?lang=de");
  new Function(LANGUAGE_SCRIPT)();
}

const isHidden = () => document.documentElement.dataset.words === "pending";

test("the page stays hidden until its parts have the texts of the visitor's language", async () => {
  arrive();
  let load = () => {};
  const loaded = new Promise<void>((resolve) => {
    load = resolve;
  });
  const loaders: Loaders = { de: async () => new Map() };
  function Part({ language }: { language: string }) {
    if (language === "de") use(loaded);
    return <p>{language}</p>;
  }
  const Page = () => <Part language={useVisitorsLanguage(loaders)} />;
  await act(async () => void render(<Page />));
  expect(screen.getByText("en")).toBeInTheDocument();
  expect(isHidden()).toBe(true);
  await act(async () => load());
  expect(screen.getByText("de")).toBeInTheDocument();
  expect(isHidden()).toBe(false);
  await act(() => chooseLanguage("en"));
});

test("a language that cannot be loaded leaves the page in English, and visible", async () => {
  arrive();
  const loaders: Loaders = { de: () => Promise.reject(new Error("offline")) };
  const Page = () => <p>{useVisitorsLanguage(loaders)}</p>;
  await act(async () => void render(<Page />));
  expect(screen.getByText("en")).toBeInTheDocument();
  expect(isHidden()).toBe(false);
});
