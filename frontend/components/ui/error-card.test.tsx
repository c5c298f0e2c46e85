import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { words } from "@/lib/client/words";
import { ErrorCard } from "./error-card";

const failed = (code: string) => ({ code, title: "No", detail: "Shorten it by 3 tokens." });

test.each(["busy", "out_of_memory", "unreachable", "stream_broken", "run_failed", "new_code"])(
  "offers to try again after %s",
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
])("offers to change the setting after %s, but not to try again", (code) => {
  const fix = { label: "Shorten the prompt", act: vi.fn() };
  render(<ErrorCard failure={failed(code)} received={0} onRetry={() => {}} fix={fix} />);
  expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Shorten the prompt" }));
  expect(fix.act).toHaveBeenCalledOnce();
});

test("errors of the server itself are shown in the page's language, with the time to wait", () => {
  for (const [code, own] of Object.entries(words.own)) {
    const failure = { ...failed(code), byServer: true, retryAfterS: 5 };
    const { unmount } = render(<ErrorCard failure={failure} received={0} onRetry={() => {}} />);
    expect(screen.getByText(own.title)).toBeVisible();
    expect(screen.getByText(own.detail)).toBeVisible();
    expect(screen.getByText(/Wait 5 seconds/)).toBeVisible();
    expect(screen.queryByText("No")).toBeNull();
    unmount();
  }
});
