// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { chooseTheme, chosenTheme, lightOnPaper, onThemeChange, shownTheme, withTheme } from "./theme"; // biome-ignore format: one line

const inDocument = () => document.documentElement.dataset.theme;

beforeEach(() => chooseTheme("dark"));
afterEach(() => chooseTheme("system"));

test("a picture in the other theme does not change the choice, even if it fails", async () => {
  const themes: unknown[] = [];
  const stop = onThemeChange(() => themes.push(inDocument()));
  await withTheme("light", async () => {
    expect([inDocument(), shownTheme(), chosenTheme()]).toEqual(["light", "light", "dark"]);
  });
  const failing = withTheme("light", () => Promise.reject(new Error("no picture")));
  await expect(failing).rejects.toThrow("no picture");
  expect([inDocument(), shownTheme()]).toEqual(["dark", "dark"]);
  stop();
  expect(themes).toEqual(["light", "dark", "light", "dark"]);
});

test("printing uses the light theme; afterwards the page is dark again", () => {
  const stop = lightOnPaper();
  window.dispatchEvent(new Event("beforeprint"));
  expect(shownTheme()).toBe("light");
  window.dispatchEvent(new Event("afterprint"));
  expect(shownTheme()).toBe("dark");
  stop();
});

test("the choice is stored, except that of the system theme", () => {
  expect(localStorage.getItem("mav-theme")).toBe("dark");
  const listener = vi.fn();
  const stop = onThemeChange(listener);
  chooseTheme("system");
  stop();
  expect(listener).toHaveBeenCalled();
  expect([localStorage.getItem("mav-theme"), inDocument()]).toEqual([null, undefined]);
});
