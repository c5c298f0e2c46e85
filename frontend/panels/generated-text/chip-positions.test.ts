// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ChipPositions } from "./chip-positions";

const LINE = 30;
const WIDTH = 50;
const PER_LINE = 4;
/** The position of the box on the page. */
const [LEFT, TOP] = [100, 200];

/** A box with the height of two lines, containing ten lines of four tokens each. */
function textBox() {
  const box = document.createElement("div");
  Object.defineProperty(box, "clientHeight", { value: 2 * LINE });
  box.getBoundingClientRect = () => new DOMRect(LEFT, TOP, WIDTH * PER_LINE, 2 * LINE);
  const measured = vi.fn();
  for (let place = 0; place < 40; place++) {
    const chip = document.createElement("span");
    chip.dataset.place = String(place);
    chip.getClientRects = () => {
      measured(place);
      const left = LEFT + (place % PER_LINE) * WIDTH;
      const top = TOP + Math.floor(place / PER_LINE) * LINE - box.scrollTop;
      return [new DOMRect(left, top, WIDTH, LINE)] as unknown as DOMRectList;
    };
    box.append(chip);
  }
  return { box, measured };
}

describe("positions of the tokens of a text", () => {
  const line = document.createElement("span");
  const frames = [] as const;
  let { box, measured } = textBox();
  let chips = new ChipPositions({ current: box });
  beforeEach(() => {
    ({ box, measured } = textBox());
    chips = new ChipPositions({ current: box });
    chips.watch();
  });

  it("the line is under the token and has its width", () => {
    chips.putUnder(line, 5, frames);
    expect(line.style.transform).toBe(`translate(${WIDTH}px, ${2 * LINE}px) scaleX(${WIDTH})`);
    chips.putUnder(line, null, frames);
    expect(line.style.transform).toContain("scaleX(0)");
  });

  it("a token is measured once while the text is the same", () => {
    for (const place of [3, 4, 5, 4, 3]) chips.putUnder(line, place, frames);
    expect(measured.mock.calls.filter(([place]) => place === 4)).toHaveLength(1);
    chips.putUnder(line, 4, [...frames]);
    expect(measured.mock.calls.filter(([place]) => place === 4)).toHaveLength(2);
  });

  it("the box scrolls as far as needed, and the line moves with it", () => {
    const moved = vi.fn(() => chips.putUnder(line, 20, frames));
    chips.onMoved(moved);
    chips.keepInSight(3, frames);
    expect([box.scrollTop, moved.mock.calls.length]).toEqual([0, 0]);
    chips.keepInSight(20, frames);
    expect(box.scrollTop).toBe(4 * LINE);
    expect(line.style.transform).toContain(`, ${2 * LINE}px)`);
    chips.keepInSight(9, frames);
    expect(box.scrollTop).toBe(2 * LINE);
  });

  it("the box of a token is where it is in the visible part", () => {
    box.scrollTop = LINE;
    box.dispatchEvent(new Event("scroll"));
    expect(chips.boxOf(9, frames)).toEqual({
      ...{ left: WIDTH, width: WIDTH, top: LINE, bottom: 2 * LINE },
    });
    expect(chips.boxOf(99, frames)).toBeNull();
  });

  it("the line follows when the visitor scrolls", () => {
    chips.onMoved(() => chips.putUnder(line, 8, frames));
    chips.putUnder(line, 8, frames);
    box.scrollTop = LINE;
    box.dispatchEvent(new Event("scroll"));
    expect(line.style.transform).toBe(`translate(0px, ${2 * LINE}px) scaleX(${WIDTH})`);
  });
});
