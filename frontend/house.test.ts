import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/** The top-level folders. Each imports only from itself and from the folders listed below it. */
const LAYERS: readonly (readonly string[])[] = [
  ["app", "replay"],
  ["words"],
  ["features"],
  ["panels"],
  ["components"],
  ["local"],
  ["lib"],
];

const FOLDERS = LAYERS.flat();
const FILES = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("custom-site/"))
    .map((name) => `${folder}/${name}`),
);
const KNOWN = new Set(FILES);

type Import = readonly [from: string, to: string];
const IMPORTS: readonly Import[] = FILES.flatMap((file) =>
  specifiersOf(file).flatMap((specifier): Import[] => {
    const path = pathOf(file, specifier);
    const found = [path, `${path}.ts`, `${path}.tsx`, `${path}/index.ts`].find((each) =>
      KNOWN.has(each),
    );
    return found && found !== file ? [[file, found]] : [];
  }),
);

/**
 * Returns the specifiers of all imports of a file: of values and types, static and dynamic, and of
 * `vi.mock`.
 */
function specifiersOf(file: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    let specifier: ts.Node | undefined;
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      specifier = node.moduleSpecifier;
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      specifier = node.argument.literal;
    } else if (
      ts.isCallExpression(node) &&
      /^(import|vi\.\w*[mM]ock)$/.test(node.expression.getText())
    ) {
      specifier = node.arguments[0];
    }
    if (specifier && ts.isStringLiteral(specifier)) found.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(sourceOf(file));
  return found;
}

function sourceOf(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}

function pathOf(file: string, specifier: string): string {
  if (specifier.startsWith("@/")) return specifier.slice(2);
  return specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : specifier;
}

/** Returns an import cycle as a path that ends where it begins, or null if there is none. */
function circleIn(pairs: readonly Import[]): string[] | null {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of pairs) next.set(from, (next.get(from) ?? new Set()).add(to));
  const done = new Set<string>();
  const walk = (node: string, path: readonly string[]): string[] | null => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return null;
    for (const to of next.get(node) ?? []) {
      const circle = walk(to, [...path, node]);
      if (circle) return circle;
    }
    done.add(node);
    return null;
  };
  for (const node of next.keys()) {
    const circle = walk(node, []);
    if (circle) return circle;
  }
  return null;
}

test("every file is read, with the files that it imports", () => {
  expect(FILES).toContain("lib/run/run-store.ts");
  expect(IMPORTS).toContainEqual(["app/site.tsx", "features/instrument/instrument.tsx"]);
  // A type import, and a dynamic import.
  expect(IMPORTS).toContainEqual(["panels/panel.ts", "lib/run/run-record.ts"]);
  expect(IMPORTS).toContainEqual(["panels/logit-lens/panel.ts", "panels/logit-lens/view.tsx"]);
});

test("an import cycle is found", () => {
  expect(circleIn([["a", "b"], ["b", "c"], ["c", "b"]])).toEqual(["b", "c", "b"]); // biome-ignore format: short
  expect(circleIn([["a", "b"], ["b", "c"], ["a", "c"]])).toBeNull(); // biome-ignore format: short
});

test("files do not import each other in a cycle", () => {
  expect(circleIn(IMPORTS)).toBeNull();
});

describe("the files and folders of a folder do not import each other in a cycle", () => {
  const folders = new Set(
    FILES.flatMap((file) => {
      const parts = file.split("/").slice(0, -1);
      return parts.map((_, depth) => parts.slice(0, depth + 1).join("/"));
    }),
  );

  test.each([...folders].sort())("%s", (folder) => {
    const unit = (path: string) => path.slice(folder.length + 1).split("/")[0] ?? "";
    const inside = IMPORTS.filter((pair) => pair.every((path) => path.startsWith(`${folder}/`)));
    const between = inside
      .map(([from, to]): Import => [unit(from), unit(to)])
      .filter(([from, to]) => from !== to);
    expect(circleIn(between)).toBeNull();
  });
});

describe("imports point downwards", () => {
  const levelOf = (path: string) =>
    LAYERS.findIndex((layer) => layer.includes(path.split("/")[0] ?? ""));

  test.each(FOLDERS)("%s", (folder) => {
    const upwards = IMPORTS.filter(
      ([from, to]) =>
        from.startsWith(`${folder}/`) &&
        (levelOf(to) < levelOf(from) ||
          (levelOf(to) === levelOf(from) && from.split("/")[0] !== to.split("/")[0])),
    );
    expect(upwards).toEqual([]);
  });
});

test("local, which runs in a worker, uses nothing of the site but the contract", () => {
  const used = IMPORTS.filter(
    ([from, to]) => from.startsWith("local/") && !to.startsWith("local/"),
  );
  expect(used.filter(([, to]) => !to.startsWith("lib/contract/"))).toEqual([]);
});

describe("state of a module is in a store, a cache or an object", () => {
  /** Module-level collections that may change, with the reason. */
  const EXCEPTIONS: Record<string, string> = {
    "lib/url-state/stored-parameters.ts memory": "stands in for the storage of a tab that has none",
    "lib/timeline/series.ts known": "a cache whose values grow with their run",
    "features/training/trainings.ts trainings": "which run shows a training: a field of the run",
  };

  /** Returns the `let` variables and mutable collections at module level, as `file name`. */
  function mutableIn(file: string): string[] {
    return sourceOf(file)
      .statements.filter(ts.isVariableStatement)
      .flatMap((statement) => {
        const { declarations, flags } = statement.declarationList;
        const isConst = (flags & ts.NodeFlags.Const) !== 0;
        return declarations
          .filter(({ type, initializer }) => !isConst || isCollection(initializer, type))
          .map(({ name }) => `${file} ${name.getText()}`);
      });
  }

  /** Whether a value is a mutable collection: `new Map()` or `[]`, unless its type is read-only. */
  const isCollection = (value: ts.Expression | undefined, type: ts.TypeNode | undefined) =>
    value !== undefined &&
    !/^(readonly|Readonly)/.test(type?.getText() ?? "") &&
    (ts.isNewExpression(value)
      ? /^(Weak)?(Map|Set)$/.test(value.expression.getText())
      : ts.isArrayLiteralExpression(value) && value.elements.length === 0);

  test("no file has a `let` or a collection that changes", () => {
    const found = FILES.filter((file) => !/\.(test|fixture)\.tsx?$/.test(file)).flatMap(mutableIn);
    expect(found.filter((each) => !EXCEPTIONS[each])).toEqual([]);
    expect(Object.keys(EXCEPTIONS).filter((each) => !found.includes(each))).toEqual([]);
  });
});

describe("the folder of a panel has all of its files", () => {
  const ids = FILES.flatMap((file) => /^panels\/([^/]+)\/panel\.tsx?$/.exec(file)?.[1] ?? []);

  test.each(ids)("%s", (id) => {
    const parts = "panel.ts view.tsx table.ts words.ts words.en.ts words.de.ts panel.test.tsx";
    expect(parts.split(" ").filter((part) => !KNOWN.has(`panels/${id}/${part}`))).toEqual([]);
  });
});
