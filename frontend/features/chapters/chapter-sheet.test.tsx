import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LayoutProvider } from "@/features/panel-layout/layout-context";
import { createTraining } from "@/features/training/training-store";
import { markTraining } from "@/features/training/trainings";
import { type Chapter, closeChapters, openChapter } from "@/lib/chapters/chapters";
import { progressStore } from "@/lib/chapters/progress";
import type { RunEvent } from "@/lib/contract/frames";
import { RECORDED, STACK } from "@/lib/contract/recordings.fixture";
import { createRunContext, SessionProvider } from "@/lib/run/run-context";
import { createSession } from "@/lib/run/session";
import ChapterSheet from "./chapter-sheet";
import { words } from "./words";

beforeEach(() => {
  // jsdom has no layout.
  Element.prototype.scrollIntoView = () => {};
  Element.prototype.scrollTo = () => {};
  progressStore.setState({ done: [], offered: false });
});

afterEach(() => {
  closeChapters();
  localStorage.clear();
});

/** Shows a chapter beside a finished run. */
async function show(chapter: Chapter, events: readonly RunEvent[] = STACK) {
  const session = createSession(() => {
    throw new Error("no server");
  });
  const run = createRunContext();
  for (const event of events) run.store.receive(event);
  await waitFor(() => expect(run.store.getState().run.frames.length).toBeGreaterThan(0));
  session.adopt(run, "");
  const again = vi.spyOn(run.controller, "run").mockResolvedValue();
  openChapter(chapter);
  render(
    <SessionProvider value={session}>
      <LayoutProvider loadCustom={() => Promise.resolve({ panels: [], broken: [] })}>
        <main id="run" />
        <ChapterSheet />
      </LayoutProvider>
    </SessionProvider>,
  );
  return { run, again, user: userEvent.setup() };
}

async function answerOf(user: ReturnType<typeof userEvent.setup>): Promise<string> {
  for (const name of [words.hint(1, 3), words.hint(2, 3), words.answer]) {
    await user.click(screen.getByRole("button", { name }));
  }
  const hints = within(screen.getByRole("list", { name: words.hints })).getAllByRole("listitem");
  expect(hints).toHaveLength(3);
  return hints.at(-1)?.textContent ?? "";
}

const numbersIn = (text: string): string[] => text.match(/\d+(\.\d+)?/g) ?? [];
const check = (name = words.check) => screen.getByRole("button", { name });
const expectAnswer = (solved: boolean) =>
  expect(screen.getByRole("status").querySelector("[data-solved]")).toHaveAttribute(
    "data-solved",
    String(solved),
  );

test("guess: the run is covered until something was guessed", async () => {
  const { user } = await show("guess");
  const run = document.getElementById("run");
  expect(run?.inert).toBe(true);
  await user.type(screen.getByRole("textbox", { name: words.guess.own }), "helicopter{Enter}");
  expectAnswer(false);
  expect(run?.inert).toBe(false);
  const word = /“(.+?)”/.exec(await answerOf(user))?.[1] ?? "";
  await user.clear(screen.getByRole("textbox", { name: words.guess.own }));
  await user.type(screen.getByRole("textbox", { name: words.guess.own }), `${word}{Enter}`);
  expectAnswer(true);
  expect(progressStore.getState().done).toEqual(["guess"]);
});

test("look back: a head is checked by its measured weight on the previous token", async () => {
  const { user } = await show("look-back");
  await user.click(check());
  expectAnswer(false);
  expect(screen.getByRole("status")).toHaveTextContent(
    /Layer 0, head 0 gives .*\d.*\(a lower bound\)/,
  );
  const [layer = "", head = ""] = numbersIn(await answerOf(user));
  await user.selectOptions(screen.getByLabelText(words.lookBack.layer), layer);
  await user.selectOptions(screen.getByLabelText(words.lookBack.head), head);
  await user.click(check());
  expectAnswer(true);
});

test("build up: a layer is checked by the logit lens of the shown token", async () => {
  const { user, run } = await show("build-up");
  run.store.select(0);
  const [layer = ""] = numbersIn(await answerOf(user));
  await user.click(check());
  expectAnswer(false);
  await user.selectOptions(screen.getByLabelText(words.buildUp.layer), layer);
  await user.click(check());
  expectAnswer(true);
});

test("decide: the shown token is checked by its entropy", async () => {
  const { user, run } = await show("decide");
  const [step = ""] = numbersIn(await answerOf(user));
  run.store.select(1);
  await user.click(await screen.findByRole("button", { name: words.decide.check }));
  await waitFor(() => expectAnswer(false));
  run.store.select(Number(step));
  await waitFor(() => expect(screen.getByText(/: 4\.93 nats/)).toBeVisible());
  await user.click(check(words.decide.check));
  expectAnswer(true);
});

test("learn: the shown snapshot is checked by its loss", async () => {
  const { user, run } = await show("learn");
  closeChapters();
  const training = createTraining(run.store, { source: "test" });
  markTraining(run.store, training);
  const losses = [4, 3.2, 2.4, 2.1, 2];
  training.setState({
    following: "read",
    moments: losses.map((loss, i) => ({ step: i * 100, loss, elapsedS: i, looks: [] })),
  });
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  openChapter("learn");
  expect(await screen.findByText(words.chapters.learn.task("3.0"))).toBeVisible();
  await user.click(check(words.learnTask.check));
  expectAnswer(false);
  const [step = ""] = numbersIn(await answerOf(user));
  training.choose(Number(step) / 100);
  await user.click(check(words.learnTask.check));
  await waitFor(() => expectAnswer(true));
  expect(screen.getByRole("status")).toHaveTextContent("2.40 nats");
});

test("a run without the measurement is repeated with it", async () => {
  const { user, again } = await show("build-up", RECORDED);
  await user.click(screen.getByRole("button", { name: words.measure }));
  expect(again).toHaveBeenCalledOnce();
  expect(again.mock.calls[0]?.[0].capture).toContain("logit_lens");
});

test("draw: the top-p is checked by the probabilities", async () => {
  const { user } = await show("draw");
  await user.click(check());
  expectAnswer(false);
  const [p = ""] = numbersIn(await answerOf(user));
  fireEvent.change(screen.getByRole("slider"), { target: { value: p } });
  await user.click(check());
  expectAnswer(true);
});
