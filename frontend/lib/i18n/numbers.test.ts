import { afterEach, expect, test } from "vitest";
import { depthStore } from "@/lib/depth/depth";
import { formatPercent, formatShare } from "./numbers";

afterEach(() => depthStore.setState("explain", true));

test("shares are words where the page looks, percentages otherwise", () => {
  expect([0.1126, 0.5].map(formatShare)).toEqual(["11.3\u00a0%", "50.0\u00a0%"]);
  depthStore.setState("look", true);
  expect([0, 0.001, 0.1126, 0.996, 1].map(formatShare)).toEqual(
    ["0", "<1", "11", ">99", "100"].map((count) => `${count}\u00a0in\u00a0100`),
  );
  expect(formatPercent(0.1126)).toBe("11");
});
