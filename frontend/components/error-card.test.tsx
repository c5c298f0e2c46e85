import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { ErrorCard } from "./error-card";

const failed = (code: string) => ({ code, title: "No", detail: "Shorten it by 3 tokens." });

test.each(["busy", "out_of_memory", "unreachable", "stream_broken", "run_failed", "new_code"])(
  "%s may go away, so the same can be sent again",
  (code) => {
    const retry = vi.fn();
    render(<ErrorCard failure={failed(code)} received={0} onRetry={retry} />);
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(retry).toHaveBeenCalledOnce();
  },
);

test.each([
  "prompt_too_long",
  "invalid_settings",
  "unknown_model",
  "pattern_too_slow",
  "run_too_large",
  "body_too_large",
])("%s is refused each time: what is offered is to change it", (code) => {
  const fix = { label: "Shorten the prompt", act: vi.fn() };
  render(<ErrorCard failure={failed(code)} received={0} onRetry={() => {}} fix={fix} />);
  expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Shorten the prompt" }));
  expect(fix.act).toHaveBeenCalledOnce();
});
