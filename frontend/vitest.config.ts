import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL(".", import.meta.url)) } },
  test: {
    // For a busy machine; no test asserts a duration.
    testTimeout: 60_000,
    reporters: ["default", "./scripts/slowest-tests.mjs"],
    // Creating a document takes a second, so tests in .ts have one only if they begin with `//
    // @vitest-environment jsdom`.
    projects: [project("components", "tsx", "jsdom"), project("modules", "ts", "node")],
    setupFiles: ["./vitest.setup.ts"],
    coverage: {
      include: ["{app,components,features,lib,local,panels,words}/**/*.{ts,tsx}"],
      exclude: ["**/*.test.{ts,tsx}", "**/*.d.ts"],
      reporter: [["text", { skipFull: true }]],
      // The figures of docs/testing.md, rounded down. Views are tested in a browser.
      thresholds: { lines: 59, statements: 58, functions: 61, branches: 52 },
    },
  },
});

function project(name: string, extension: string, environment: string) {
  const include = [
    `house.test.${extension}`,
    `{app,components,features,lib,local,panels,words}/**/*.test.${extension}`,
  ];
  return { extends: true as const, test: { name, include, environment } };
}
