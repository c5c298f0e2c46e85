import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Segmented } from "./segmented";

const OPTIONS = [
  { value: "a", label: "First" },
  { value: "b", label: "Second" },
  { value: "c", label: "Third" },
] as const;

test("Tab enters at the selected button, arrow keys walk around, Enter and clicks select", async () => {
  const change = vi.fn();
  render(<Segmented label="Kind" value="b" options={OPTIONS} onChange={change} />);
  await userEvent.tab();
  const focused = () => document.activeElement?.textContent;
  expect(focused()).toBe("Second");
  for (const [key, label] of [
    ["ArrowRight", "Third"],
    ["ArrowRight", "First"],
    ["ArrowLeft", "Third"],
    ["Home", "First"],
    ["End", "Third"],
  ]) {
    await userEvent.keyboard(`{${key}}`);
    expect(focused()).toBe(label);
  }
  await userEvent.keyboard("{Enter}");
  expect(change).toHaveBeenLastCalledWith("c");
  await userEvent.click(screen.getByRole("button", { name: "Second", pressed: true }));
  expect(change).toHaveBeenCalledTimes(1);
});
