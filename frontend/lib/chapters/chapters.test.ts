// @vitest-environment jsdom
import { beforeEach, expect, test } from "vitest";
import { CHAPTERS, chapterStore, closeChapters, openChapter } from "./chapters";
import { followProgress, nextChapter, noteSolved, progressStore } from "./progress";

beforeEach(() => {
  localStorage.clear();
  progressStore.setState({ done: [], offered: false });
  closeChapters();
});

test("are offered on the first visit only", () => {
  followProgress()();
  expect(progressStore.getState().offered).toBe(true);
  progressStore.setState({ offered: false });
  followProgress()();
  expect(progressStore.getState().offered).toBe(false);
});

test("what was solved is kept, and the next one is the first that is not", () => {
  followProgress()();
  noteSolved("guess");
  noteSolved("build-up");
  noteSolved("guess");
  progressStore.setState({ done: [], offered: false });
  followProgress()();
  expect(progressStore.getState().done).toEqual(["guess", "build-up"]);
  expect(nextChapter()).toBe("look-back");
  for (const chapter of CHAPTERS) noteSolved(chapter);
  expect(nextChapter()).toBe("guess");
});

test("names of another version in the storage are ignored", () => {
  localStorage.setItem("mav-chapters", '["draw", "fly"]');
  followProgress()();
  expect(progressStore.getState().done).toEqual(["draw"]);
});

test("the open chapter is in the address", async () => {
  openChapter("look-back");
  await expect.poll(() => window.location.search).toBe("?chapter=look-back");
  expect(chapterStore.getState()).toBe("look-back");
});
