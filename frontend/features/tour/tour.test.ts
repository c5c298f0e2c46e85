// @vitest-environment jsdom
import { beforeEach, expect, test, vi } from "vitest";
import { beginTour, declineTour, endTour, inviteToTour, moveTour, TOUR_STEPS, tour } from "./tour";
import { english } from "./words.en";

/** jsdom has no layout: elements with a text are shown. */
const shows = (...panels: readonly string[]) => {
  document.body.innerHTML = [
    '<textarea id="setting-prompt">.</textarea>',
    ...panels.map((id) => `<section data-panel="${id}">.</section>`),
    '<section data-tour="time">.</section>',
  ].join("");
};

beforeEach(() => {
  vi.spyOn(Element.prototype, "getClientRects").mockImplementation(function (this: Element) {
    return (this.textContent ? [{}] : []) as unknown as DOMRectList;
  });
  shows("generated-text", "top-predictions", "layer-norms");
  localStorage.clear();
  tour.setState({ step: null, invited: false });
});

test("has five steps, each with a text", () => {
  expect(TOUR_STEPS).toHaveLength(5);
  expect(english.steps).toHaveLength(5);
});

test("is offered once", () => {
  inviteToTour();
  expect(tour.getState().invited).toBe(true);
  declineTour();
  expect(tour.getState().invited).toBe(false);
  inviteToTour();
  expect(tour.getState().invited).toBe(false);
});

test("moves forward and back, and ends after the last step", () => {
  beginTour();
  moveTour(-1);
  expect(tour.getState().step).toBe(0);
  for (let step = 1; step < 5; step += 1) {
    moveTour(1);
    expect(tour.getState().step).toBe(step);
  }
  moveTour(1);
  expect(tour.getState().step).toBeNull();
  moveTour(1);
  expect(tour.getState().step).toBeNull();
});

test("leaves out steps that would point at nothing", () => {
  shows("attention-entropy");
  beginTour();
  const visited = [tour.getState().step];
  while (tour.getState().step !== null) {
    moveTour(1);
    visited.push(tour.getState().step);
  }
  expect(visited).toEqual([0, 3, 4, null]);
  tour.setState({ step: 3 });
  moveTour(-1);
  expect(tour.getState().step).toBe(0);
});

test("can be left at any step", () => {
  beginTour();
  moveTour(1);
  endTour();
  expect(tour.getState().step).toBeNull();
});
