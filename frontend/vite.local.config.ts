import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Builds the worker that runs models in the browser: one file, among the site's static files. */
export default defineConfig({
  publicDir: false,
  resolve: { alias: [{ find: /^@\//, replacement: `${here(".")}/` }] },
  esbuild: { legalComments: "none" },
  build: {
    outDir: here("./public/local"),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    reportCompressedSize: false,
    rollupOptions: {
      input: here("./local/worker.ts"),
      output: { format: "es", entryFileNames: "worker.js", inlineDynamicImports: true },
    },
  },
});
