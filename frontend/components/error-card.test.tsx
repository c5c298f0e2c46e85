import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { text } from "@/lib/text";
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

test("what the server says of itself is said in the page's words, the time to wait beside it", () => {
  for (const [code, own] of Object.entries(text.failures.own)) {
    const failure = { ...failed(code), byServer: true, retryAfterS: 5 };
    const { unmount } = render(<ErrorCard failure={failure} received={0} onRetry={() => {}} />);
    expect(screen.getByText(own.title)).toBeVisible();
    expect(screen.getByText(own.detail)).toBeVisible();
    expect(screen.getByText(/Wait 5 seconds/)).toBeVisible();
    expect(screen.queryByText("No")).toBeNull();
    unmount();
  }
});
