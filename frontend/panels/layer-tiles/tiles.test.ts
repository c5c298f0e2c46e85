import { describe, expect, test } from "vitest";
import { colourMap, hueRow } from "@/lib/colour/maps";
import { deepRun } from "@/lib/run/recorded-run.fixture";
import { cellAfter, cellAt, LABEL, layoutTiles, type TileGrid, type TileSpace } from "./layout";
import { DEFAULT_SHADING, type Shading, shade, shadeTable, sizesOf } from "./shade";

const space = (change: Partial<TileSpace>): TileSpace => ({
  count: 6,
  cells: { rows: 16, columns: 16 },
  width: 400,
  height: 300,
  ratio: 1,
  ...change,
});

const SPACES = [6, 12, 24, 32, 48].flatMap((count) =>
  [
    [320, 260],
    [360, 304],
    [640, 300],
    [1400, 800],
    [250, 900],
  ].map(([width = 0, height = 0]) => space({ count, width, height })),
);

describe("the grid of tiles", () => {
  test.each(SPACES)("$count layers fit $width by $height without touching", (where) => {
    const layout = layoutTiles(where);
    const places = Array.from({ length: where.count }, (_, i) => layout.place(i));
    for (const [i, { left, top }] of places.entries()) {
      expect(left).toBeGreaterThanOrEqual(0);
      expect(top).toBeGreaterThanOrEqual(LABEL);
      expect(left + layout.width).toBeLessThanOrEqual(where.width + 0.5);
      expect(top + layout.height).toBeLessThanOrEqual(where.height + 0.5);
      const right = places[i + 1];
      if (right && right.top === top)
        expect(right.left).toBeGreaterThanOrEqual(left + layout.width);
    }
    expect(layout.width).toBeGreaterThan(12);
  });

  test("cells are whole device pixels if they are large enough", () => {
    expect(layoutTiles(space({ ratio: 2 })).width % (16 / 2)).toBe(0);
    expect(layoutTiles(space({})).width % 16).toBe(0);
  });

  test("a wide panel puts six layers side by side, a narrow one below each other", () => {
    expect(layoutTiles(space({ width: 1800, height: 200 })).columns).toBe(6);
    expect(layoutTiles(space({ width: 120, height: 900 })).columns).toBe(1);
  });

  const grid: TileGrid = {
    layers: [0, 1, 2, 3, 4, 5],
    cells: { rows: 4, columns: 4 },
    layout: layoutTiles(space({ cells: { rows: 4, columns: 4 } })),
  };

  test("cellAt returns the cell drawn at a point, null between tiles", () => {
    const { left, top } = grid.layout.place(4);
    const size = grid.layout.width / 4;
    expect(cellAt(grid, left + 2.5 * size, top + 1.5 * size)).toEqual({
      layer: 4,
      row: 1,
      column: 2,
    });
    expect(cellAt(grid, left + 1, top - 2)).toBeNull();
  });

  test("keys move between cells and across the edge to the next tile", () => {
    expect(grid.layout.columns).toBe(3);
    const walk = (from: [number, number, number], key: string) => {
      const [layer, row, column] = from;
      const to = cellAfter(grid, { layer, row, column }, key);
      return to && [to.layer, to.row, to.column];
    };
    expect(cellAfter(grid, null, "ArrowRight")).toEqual({ layer: 0, row: 0, column: 0 });
    expect(walk([0, 1, 1], "ArrowDown")).toEqual([0, 2, 1]);
    expect(walk([0, 1, 3], "ArrowRight")).toEqual([1, 1, 0]);
    expect(walk([2, 1, 3], "ArrowRight")).toEqual([2, 1, 3]);
    expect(walk([1, 0, 2], "ArrowUp")).toEqual([4, 3, 2]);
    expect(walk([4, 3, 2], "ArrowDown")).toEqual([1, 0, 2]);
    expect(walk([0, 0, 0], "ArrowLeft")).toEqual([0, 0, 0]);
    expect(walk([2, 1, 1], "PageDown")).toEqual([3, 1, 1]);
    expect(walk([5, 1, 1], "PageDown")).toEqual([5, 1, 1]);
    expect(walk([0, 0, 0], "x")).toBeNull();
  });
});

describe("the colours of tiles", () => {
  const rgb = (packed = 0) => [packed & 255, (packed >> 8) & 255, (packed >> 16) & 255];
  const draw = (values: number[], change: Partial<Shading> = {}, before?: number[]) => {
    const shading = { ...DEFAULT_SHADING, ...change };
    const into = new Uint32Array(values.length);
    const result = shade(
      into,
      Float32Array.from(values),
      before && Float32Array.from(before),
      shading,
      shadeTable(shading, "light"),
    );
    return { ...result, colours: [...into].map(rgb), packed: into };
  };
  const energy = colourMap("energy", "light");

  test("energy is blue below 0, the background at 0 and red above, strongest at the clip", () => {
    const { colours, cells, clipped } = draw([-3, 0, 3, -9, 9, Number.NaN]);
    expect(colours.slice(0, 3)).toEqual([energy[0], energy[128], energy[255]]);
    expect(colours.slice(3, 5)).toEqual([energy[0], energy[255]]);
    expect({ cells, clipped }).toEqual({ cells: 5, clipped: 2 });
  });

  test("missing values are transparent", () => {
    expect(draw([Number.NaN, 1]).packed[0]).toBe(0);
    expect(draw([1, 2], { draws: "change" }).cells).toBe(0);
  });

  test("gamma below 1 raises small values and keeps 0 and the clip", () => {
    const place = (gamma: number, value: number) =>
      energy.findIndex((colour) => String(colour) === String(draw([value], { gamma }).colours[0]));
    expect(place(0.5, 0.75)).toBeGreaterThan(place(1, 0.75));
    expect(place(2, 0.75)).toBeLessThan(place(1, 0.75));
    expect(draw([0, 3], { gamma: 0.5 }).colours).toEqual(draw([0, 3]).colours);
  });

  test("magnitude ignores the sign; change is the difference to the previous token", () => {
    const gray = { map: "gray", draws: "magnitude" } as const;
    expect(draw([-2], gray).colours).toEqual(draw([2], gray).colours);
    expect(draw([2], { draws: "change" }, [0.5]).colours).toEqual(draw([1.5]).colours);
  });

  test("hue shows the change since the previous token or the sign; lightness shows the magnitude", () => {
    const row = (hue: number) => hueRow(hue, "light")[255];
    const hue = { map: "hue", hue: "change" } as const;
    expect(draw([3, -3, 3], hue, [0, 0, 3]).colours).toEqual([row(16), row(0), row(8)]);
    expect(draw([3], hue).colours).toEqual([row(8)]);
    expect(draw([3, -3], { map: "hue", hue: "sign" }).colours).toEqual([row(16), row(0)]);
  });

  test("in a recorded run a typical cell is about one deviation from its layer's mean", () => {
    for (const { tiles } of deepRun().frames) {
      const [layers = 0, rows, columns] = tiles?.shape ?? [];
      expect([layers, rows, columns]).toEqual([6, 4, 4]);
      for (const size of sizesOf(tiles?.values ?? new Float32Array(), layers)) {
        expect(size).toBeGreaterThan(0.2);
        expect(size).toBeLessThan(4);
      }
    }
  });
});
