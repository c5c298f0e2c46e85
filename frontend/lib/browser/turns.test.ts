import { expect, test } from "vitest";
import { createTurns } from "./turns";

/** Idle periods that the test begins. */
function idlePeriods() {
  const asked: (() => void)[] = [];
  return { whenIdle: (act: () => void) => void asked.push(act), pass: () => asked.shift()?.() };
}

test("each idle period runs one task, in the order of the calls", () => {
  const { whenIdle, pass } = idlePeriods();
  const ran: string[] = [];
  const inTurn = createTurns(whenIdle);
  for (const name of ["a", "b", "c"]) inTurn(() => ran.push(name));
  expect(ran).toEqual([]);
  pass();
  expect(ran).toEqual(["a"]);
  pass();
  pass();
  expect(ran).toEqual(["a", "b", "c"]);
});

test("a withdrawn task does not run, and those after it do", () => {
  const { whenIdle, pass } = idlePeriods();
  const ran: string[] = [];
  const inTurn = createTurns(whenIdle);
  const withdraw = inTurn(() => ran.push("a"));
  inTurn(() => ran.push("b"));
  withdraw();
  pass();
  expect(ran).toEqual(["b"]);
});

test("a task that is added by a task runs in a later period", () => {
  const { whenIdle, pass } = idlePeriods();
  const ran: string[] = [];
  const inTurn = createTurns(whenIdle);
  inTurn(() => {
    ran.push("a");
    inTurn(() => ran.push("b"));
  });
  pass();
  expect(ran).toEqual(["a"]);
  pass();
  expect(ran).toEqual(["a", "b"]);
});
