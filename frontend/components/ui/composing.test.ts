// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isComposing } from "./composing";

const SAFARI =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15";
const field = document.createElement("textarea");
const seen = vi.fn();

const CHROMIUM =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

beforeEach(() => {
  vi.spyOn(navigator, "userAgent", "get").mockReturnValue(CHROMIUM);
  document.body.append(field);
  window.addEventListener("keydown", seen, { capture: true });
  field.addEventListener("keydown", seen);
});
afterEach(() => {
  window.removeEventListener("keydown", seen, { capture: true });
  field.removeEventListener("keydown", seen);
  field.remove();
  seen.mockClear();
  vi.restoreAllMocks();
});

const press = (key: string, init: KeyboardEventInit = {}): KeyboardEvent => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, ...init });
  field.dispatchEvent(event);
  return event;
};
const compose = (type: "compositionstart" | "compositionend") =>
  field.dispatchEvent(new CompositionEvent(type, { bubbles: true }));

test.each(["Enter", "Escape", "ArrowDown"])(
  "%s pressed during a composition reaches no handler",
  (key) => {
    press(key, { isComposing: true });
    press(key, { keyCode: 229 });
    compose("compositionstart");
    press(key);
    expect(seen).not.toHaveBeenCalled();
    compose("compositionend");
    press(key);
    expect(seen).toHaveBeenCalledTimes(2);
  },
);

test("in WebKit the key that ends a composition reaches no handler", () => {
  vi.spyOn(navigator, "userAgent", "get").mockReturnValue(SAFARI);
  compose("compositionstart");
  compose("compositionend");
  press("Enter");
  expect(seen).not.toHaveBeenCalled();
});

test("keys reach handlers after the focus left a field during a composition", () => {
  compose("compositionstart");
  field.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
  expect(isComposing(press("Enter"))).toBe(false);
  expect(seen).toHaveBeenCalled();
});
