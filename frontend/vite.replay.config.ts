import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * The standalone page: one HTML file with all code, styles and fonts in it, beside the built
 * site. What puts a recording into it is told in docs/recordings.md.
 */
export default defineConfig({
  root: here("./replay"),
  base: "./",
  publicDir: false,
  resolve: {
    alias: [
      // Nothing can be loaded later by a page that is one file.
      { find: "next/dynamic", replacement: here("./replay/dynamic.tsx") },
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
        // "use client" says something to Next only.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
      output: { inlineDynamicImports: true },
    },
  },
  plugins: [inOneFile()],
});

/** Put the script and the styles into the page, and write nothing else. */
function inOneFile(): Plugin {
  return {
    name: "in-one-file",
    enforce: "post",
    generateBundle: {
      // After vite has put its own last words into the code.
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
        // A script at the end finds the recording above it read.
        page.source = html.replace("</body>", () => `${end.join("\n")}\n</body>`);
      },
    },
  };
}
