import { act, render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { useStore } from "zustand";
import { savedBefore } from "./saved-before";

test("offers what was saved, until it is restored or discarded", async () => {
  let found: (value: string | null) => void = () => {};
  const store = savedBefore(
    () =>
      new Promise<string | null>((resolve) => {
        found = resolve;
      }),
  );
  const Offer = () => <p>{useStore(store, ({ saved }) => saved) ?? "nothing"}</p>;
  const { unmount } = render(<Offer />);
  expect(screen.getByText("nothing")).toBeInTheDocument();
  await act(async () => found("a run"));
  expect(screen.getByText("a run")).toBeInTheDocument();
  act(() => store.setState({ saved: null }));
  unmount();
  render(<Offer />);
  expect(screen.getByText("nothing")).toBeInTheDocument();
});
