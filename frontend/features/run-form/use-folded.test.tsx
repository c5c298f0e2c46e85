import { act, renderHook } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { closeChapters, openChapter } from "@/lib/chapters/chapters";
import { presentStore } from "@/lib/present/present";
import { toggleFold } from "./fold";
import { useFolded } from "./use-folded";

beforeEach(() => {
  localStorage.clear();
  presentStore.setState("off", true);
  closeChapters();
});

test("an open chapter has the place of folded settings, and gives it back", () => {
  const { result } = renderHook(useFolded);
  act(toggleFold);
  expect(result.current).toBe(true);
  act(() => openChapter("look-back"));
  expect(result.current).toBe(false);
  act(closeChapters);
  expect(result.current).toBe(true);
  act(toggleFold);
});

test("in Present mode the settings stay folded", () => {
  const { result } = renderHook(useFolded);
  act(() => presentStore.setState("on", true));
  act(() => openChapter("look-back"));
  expect(result.current).toBe(true);
});
