import { beforeEach, expect, test } from "vitest";
import { english } from "@/lib/text/en";
import { beginTour, declineTour, endTour, inviteToTour, moveTour, TOUR_STEPS, tour } from "./tour";

beforeEach(() => {
  localStorage.clear();
  tour.setState({ step: null, invited: false });
});

test("there are five steps, each with its words", () => {
  expect(TOUR_STEPS).toHaveLength(5);
  expect(english.tour.steps).toHaveLength(5);
});

test("a first visitor is asked once", () => {
  inviteToTour();
  expect(tour.getState().invited).toBe(true);
  declineTour();
  expect(tour.getState().invited).toBe(false);
  inviteToTour();
  expect(tour.getState().invited).toBe(false);
});

test("it goes on and back and ends behind the last step", () => {
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

test("it can be left at any step", () => {
  beginTour();
  moveTour(1);
  endTour();
  expect(tour.getState().step).toBeNull();
});
