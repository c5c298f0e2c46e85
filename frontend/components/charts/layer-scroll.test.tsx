import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { LayerScroll } from "./layer-scroll";

afterEach(() => vi.restoreAllMocks());

/** jsdom has no layout: the region is 200 pixels high, and its layers have their least height. */
function withLayout(layers: number, least: number) {
  vi.spyOn(Element.prototype, "clientHeight", "get").mockReturnValue(200);
  vi.spyOn(Element.prototype, "scrollHeight", "get").mockReturnValue(Math.max(200, layers * least));
}

const shown = (inView: number | null, layers = 80) => (
  <LayerScroll layers={layers} least={5} inView={inView} label="Layers">
    <p>picture</p>
  </LayerScroll>
);

test("layers that do not fit are named at the edge where they are hidden", async () => {
  withLayout(80, 5);
  const { rerender } = render(shown(null));
  expect(screen.getAllByRole("button")).toHaveLength(1);
  const region = screen.getByRole("group", { name: "Layers" });
  await userEvent.click(screen.getByRole("button", { name: "layers 0–39" }));
  expect(region.scrollTop).toBe(160);
  region.dispatchEvent(new Event("scroll"));
  expect(await screen.findByRole("button", { name: "layers 48–79" })).toBeVisible();
  expect(screen.getByRole("button", { name: "layers 0–7" })).toBeVisible();
  rerender(shown(0));
  expect(region.scrollTop).toBe(200);
  rerender(shown(79));
  expect(region.scrollTop).toBe(0);
});

test("layers that fit have no cue", () => {
  withLayout(30, 5);
  render(shown(null, 30));
  expect(screen.queryByRole("button")).toBeNull();
});

test("rows that are not layers have their own names, and what is visible is reported", () => {
  withLayout(80, 5);
  const onView = vi.fn();
  render(
    <LayerScroll
      layers={80}
      least={5}
      cue={(first, last) => `rows ${first}-${last}`}
      onView={onView}
    >
      <p>picture</p>
    </LayerScroll>,
  );
  expect(screen.getByRole("button", { name: "rows 0-39" })).toBeVisible();
  expect(onView).toHaveBeenLastCalledWith({ top: 0, height: 200 });
});
