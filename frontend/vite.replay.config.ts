import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Builds the standalone page: one HTML file with all code, styles and fonts, beside the built site.
 * docs/recordings.md describes how a recording is put into it.
 */
export default defineConfig({
  root: here("./replay"),
  base: "./",
  publicDir: false,
  resolve: {
    alias: [
      // A page that is a single file cannot load code later.
      { find: "next/dynamic", replacement: here("./replay/dynamic.tsx") },
      // It has no server either.
      { find: "@/lib/client/run-stream", replacement: here("./replay/run-stream.ts") },
      { find: /^@\//, replacement: `${here(".")}/` },
    ],
  },
  define: { "process.env.NODE_ENV": '"production"' },
  esbuild: { jsx: "automatic", legalComments: "none" },
  build: {
    outDir: here("./out"),
    emptyOutDir: false,
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    cssCodeSplit: false,
    modulePreload: false,
    target: "es2022",
    reportCompressedSize: false,
    rollupOptions: {
      input: here("./replay/replay.html"),
      onwarn(warning, warn) {
        // "use client" is only for Next.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
      output: { inlineDynamicImports: true },
    },
  },
  plugins: [inOneFile()],
});

/** Inlines the script and the styles into the page and emits nothing else. */
function inOneFile(): Plugin {
  return {
    name: "in-one-file",
    enforce: "post",
    generateBundle: {
      // Runs after vite's own changes of the code.
      order: "post",
      handler(_, bundle) {
        const files = Object.values(bundle);
        const page = files.find(({ fileName }) => fileName.endsWith(".html"));
        if (page?.type !== "asset") throw new Error("the build gave no page");
        let html = String(page.source);
        const end: string[] = [];
        for (const file of files) {
          if (file === page) continue;
          delete bundle[file.fileName];
          const name = file.fileName.replaceAll(".", "\\.");
          if (file.type === "chunk") {
            html = html.replace(new RegExp(`\\s*<script[^>]*src="\\./${name}"[^>]*></script>`), "");
            end.push(
              `<script type="module">${file.code.replaceAll("</script", "<\\/script")}</script>`,
            );
          } else if (file.fileName.endsWith(".css")) {
            const style = `<style>${String(file.source)}</style>`;
            html = html.replace(new RegExp(`<link[^>]*href="\\./${name}"[^>]*>`), () => style);
          }
        }
        // A script at the end of the body runs after the recording above it is parsed.
        page.source = html.replace("</body>", () => `${end.join("\n")}\n</body>`);
      },
    },
  };
}
