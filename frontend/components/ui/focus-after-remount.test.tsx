import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useRef, useState } from "react";
import { expect, test } from "vitest";
import { useFocusAfterRemount } from "./focus-after-remount";

function Choice({ name, onChoose }: { name: string; onChoose: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  const keepFocus = useFocusAfterRemount(name, () => button.current?.focus());
  const choose = () => {
    keepFocus();
    onChoose();
  };
  return (
    <button ref={button} type="button" onClick={choose}>
      {name}
    </button>
  );
}

/** A page that is mounted again at each choice. */
function Page() {
  const [version, setVersion] = useState(0);
  const next = () => setVersion(version + 1);
  return (
    <main key={version} data-testid={`page ${version}`}>
      {["views", "language"].map((name) => (
        <Choice key={name} name={name} onChoose={next} />
      ))}
    </main>
  );
}

test("the control that was used has the focus after the page is mounted again", async () => {
  render(<Page />);
  expect(document.body).toHaveFocus();
  for (const [version, name] of ["language", "views"].entries()) {
    await userEvent.click(screen.getByRole("button", { name }));
    expect(screen.getByTestId(`page ${version + 1}`)).toBeInTheDocument();
    expect(screen.getByRole("button", { name })).toHaveFocus();
  }
});
