import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Builds the worker that runs models in the browser, among the site's static files: `worker.js` with
 * what every run needs, and a file for each part that few runs need. In the mode `whole` it builds
 * `whole-worker.js`, one file for standalone pages.
 */
export default defineConfig(({ mode }) => {
  const isWhole = mode === "whole";
  return {
    publicDir: false,
    resolve: { alias: [{ find: /^@\//, replacement: `${here(".")}/` }] },
    esbuild: { legalComments: "none" },
    build: {
      outDir: here("./public/local"),
      emptyOutDir: !isWhole,
      target: "es2022",
      // Without vite's code for dynamic imports in a page, which needs a document.
      ssr: true,
      minify: "esbuild",
      reportCompressedSize: false,
      rollupOptions: {
        input: here("./local/worker.ts"),
        output: {
          format: "es",
          entryFileNames: isWhole ? "whole-worker.js" : "worker.js",
          chunkFileNames: "[name]-[hash].js",
          inlineDynamicImports: isWhole,
        },
      },
    },
  };
});
