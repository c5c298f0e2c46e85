import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import DefinitionLayer from "./definition-layer";

function Page() {
  return (
    <>
      <section data-panel="example" aria-label="Example">
        <button type="button">rank</button>
        <p>The entropy of a token, in nats.</p>
        <p>
          Again entropy, of “head” and <bdi>layer</bdi>, by rank
        </p>
        <div role="listbox" aria-label="text">
          softmax
        </div>
      </section>
      <DefinitionLayer />
    </>
  );
}

const stop = () => screen.findByRole("button", { name: "Definitions of 4 terms in this part" });

beforeEach(() => {
  // jsdom has no layout.
  Element.prototype.scrollIntoView = () => {};
  Range.prototype.getBoundingClientRect = () => new DOMRect();
  render(<Page />);
});

test("a region lists its terms once, without what the model wrote, outside of controls", async () => {
  expect(await stop()).toHaveAttribute("data-term-stop", "entropy token nat rank");
});

test("a text that changes has no terms until the page rests", async () => {
  const button = await stop();
  const text = screen.getByText("The entropy of a token, in nats.").firstChild as Text;
  text.data = "In nats, the loss of a token.";
  await waitFor(() => expect(button).toHaveAttribute("data-term-stop", "rank"));
  await waitFor(() =>
    expect(button).toHaveAttribute("data-term-stop", "nat loss token entropy rank"),
  );
});

test("the keyboard goes through the terms of a region, and Escape closes the definition", async () => {
  const user = userEvent.setup();
  const button = await stop();
  await user.tab();
  await user.tab();
  expect(button).toHaveFocus();
  const card = await screen.findByRole("dialog", { name: "entropy" });
  expect(card).toHaveTextContent("The uncertainty of a prediction in nats");
  expect(card).toHaveTextContent("1 of 4");
  expect(button).toHaveAccessibleDescription(/^entropy: The uncertainty/);
  await user.keyboard("{ArrowRight}{ArrowRight}");
  expect(await screen.findByRole("dialog", { name: "nat" })).toHaveTextContent("3 of 4");
  await user.keyboard("{ArrowLeft}");
  expect(await screen.findByRole("dialog", { name: "token" })).toHaveTextContent("2 of 4");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(button).toHaveFocus();
});
