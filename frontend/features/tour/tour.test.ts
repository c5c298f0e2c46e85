// @vitest-environment jsdom
import { beforeEach, expect, test } from "vitest";
import { beginTour, declineTour, endTour, inviteToTour, moveTour, TOUR_STEPS, tour } from "./tour";
import { english } from "./words.en";

beforeEach(() => {
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

test("can be left at any step", () => {
  beginTour();
  moveTour(1);
  endTour();
  expect(tour.getState().step).toBeNull();
});
