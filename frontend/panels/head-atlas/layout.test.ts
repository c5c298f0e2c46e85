import { describe, expect, test } from "vitest";
import { headAt, headOf, layOutGrid, layOutList, linesBetween } from "./layout";

describe("the grid", () => {
  test("has layers from bottom to top, and all of them where they fit", () => {
    const layout = layOutGrid({ width: 500, height: 360 }, [0, 5], 4);
    expect(layout.lines.map(({ label }) => label)).toEqual(["5", "4", "3", "2", "1", "0"]);
    expect(layout.rows * layout.rowHeight).toBe(360);
    expect(layout.map).toBeLessThanOrEqual(60);
    expect(layout.beside).toBe(false);
    expect(layOutGrid({ width: 900, height: 360 }, [0, 5], 4).beside).toBe(true);
  });

  test.each([
    [30, 9, 600],
    [30, 9, 320],
    [80, 64, 600],
    [1, 1, 320],
    [12, 12, 1800],
  ])(
    "%i layers of %i heads on %i pixels: no map is cut or lies over another",
    (count, heads, width) => {
      const { lines, map, across, down } = layOutGrid(
        { width, height: 400 },
        [0, count - 1],
        heads,
      );
      const all = lines.flatMap((line) => line.heads.map((head) => ({ ...head, top: line.top })));
      expect(all).toHaveLength(count * heads);
      expect(new Set(all.map(({ left, top }) => `${left} ${top}`)).size).toBe(count * heads);
      expect(map).toBeGreaterThanOrEqual(25);
      expect(Math.min(across, down)).toBeGreaterThan(map);
      for (const { left } of all) expect(left + map).toBeLessThanOrEqual(width);
    },
  );

  test("heads that do not fit beside each other take further lines of their layer", () => {
    const { lines, rows } = layOutGrid({ width: 600, height: 400 }, [2, 3], 64);
    const labels = lines.map(({ label }) => label);
    expect(rows).toBe(2);
    expect(labels.filter((label) => !label.startsWith("+"))).toEqual(["3", "2"]);
    expect(labels[1]).toBe(`+${lines[0]?.heads.length}`);
  });

  test("a point and a cell of the keyboard find the same head", () => {
    const layout = layOutGrid({ width: 600, height: 400 }, [2, 7], 4);
    for (const { top, heads } of layout.lines) {
      for (const head of heads) {
        expect(headAt(layout, head.left + 3, top + 3)).toEqual(head);
        expect(headOf(layout, head.cell)).toEqual(head);
        expect(head.cell).toEqual({ row: head.layer - 2, column: head.head });
      }
    }
    expect(headAt(layout, 2, 2)).toBeNull();
  });
});

test("a list has its heads in their order; only visible lines are asked for", () => {
  const heads = Array.from({ length: 50 }, (_, i) => ({ layer: 50 - i, head: i % 3 }));
  const layout = layOutList({ width: 330, height: 300 }, heads);
  expect(layout.lines.flatMap((line) => line.heads).map(({ layer }) => layer)).toEqual(
    heads.map(({ layer }) => layer),
  );
  expect(layout.grid).toEqual({ rows: 25, columns: 2, upwards: false });
  const seen = linesBetween(layout, layout.down * 3, layout.down * 6);
  expect(seen.map(({ top }) => top / layout.down)).toEqual([3, 4, 5]);
  expect(layOutList({ width: 330, height: 300 }, []).lines).toEqual([]);
  // A few heads have larger maps.
  const few = layOutList({ width: 500, height: 300 }, heads.slice(0, 3));
  expect(few.map).toBeGreaterThan(layout.map);
  expect(few.lines.length * few.down).toBeLessThanOrEqual(300);
});
