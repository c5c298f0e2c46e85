import type { Drawing } from "./drawing";

/**
 * Returns the path of an element with `vector-effect: non-scaling-stroke`, transformed to the
 * picture's coordinates, since few drawing programs support this effect. Null for other elements.
 */
export function flattened(element: Element, { origin }: Drawing): string | null {
  if (!(element instanceof SVGGeometryElement)) return null;
  if (getComputedStyle(element).vectorEffect !== "non-scaling-stroke") return null;
  const path = pathOf(element);
  const matrix = element.getScreenCTM();
  if (!path || !matrix) return null;
  return transformedPath(path, (x, y) => {
    const at = new DOMPoint(x, y).matrixTransform(matrix);
    return [at.x - origin.x, at.y - origin.y];
  });
}

function pathOf(element: SVGGeometryElement): string | null {
  const get = (name: string) => element.getAttribute(name) ?? "0";
  if (element instanceof SVGPathElement) return element.getAttribute("d");
  if (element instanceof SVGLineElement) {
    return `M${get("x1")} ${get("y1")}L${get("x2")} ${get("y2")}`;
  }
  if (element instanceof SVGPolylineElement || element instanceof SVGPolygonElement) {
    const closed = element instanceof SVGPolygonElement ? "Z" : "";
    return `M${element.getAttribute("points")?.trim()}${closed}`;
  }
  return null;
}

type Point = readonly [number, number];

/** Transforms the points of a path. Returns null if it has arcs or relative commands. */
export function transformedPath(
  path: string,
  move: (x: number, y: number) => Point,
): string | null {
  let x = 0;
  let y = 0;
  const parts: string[] = [];
  for (const [, command = "", list = ""] of path.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const numbers = (list.match(/-?(?:\d+\.?\d*|\.\d+)/g) ?? []).map(Number);
    if (!/[MLHVCQZzhv]/.test(command)) return null;
    if (/[HVhv]/.test(command)) {
      for (const number of numbers) {
        if (/[Hh]/.test(command)) x = number + (command === "h" ? x : 0);
        else y = number + (command === "v" ? y : 0);
        parts.push(`L${written(move(x, y))}`);
      }
      continue;
    }
    const points: string[] = [];
    for (let i = 0; i + 1 < numbers.length; i += 2) {
      x = numbers[i] ?? 0;
      y = numbers[i + 1] ?? 0;
      points.push(written(move(x, y)));
    }
    parts.push(`${command}${points.join(" ")}`);
  }
  return parts.join("");
}

const written = (point: Point): string =>
  point.map((value) => Math.round(value * 100) / 100).join(" ");
