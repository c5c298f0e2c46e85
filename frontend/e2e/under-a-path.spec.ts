import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { freePort } from "../playwright.config";
import { Instrument, WORDS } from "./instrument";
import { answering, type Started, serveMav } from "./servers";

const nginxCommand = ["nginx", "/usr/sbin/nginx"].find(
  (each) => spawnSync(each, ["-v"]).status === 0,
);

/** Starts nginx, which strips the path /mav for one server and keeps /kept for the other. */
async function proxy(removed: string, kept: string): Promise<Started> {
  const folder = test.info().outputPath("nginx");
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(" ");
  const config = `
    worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
    events { worker_connections 64; }
    http {
      access_log off; ${temporary}
      server {
        listen 127.0.0.1:${port};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        location /mav/ { proxy_pass ${removed}/; }
        location /kept { proxy_pass ${kept}; }
      }
    }`;
  writeFileSync(`${folder}/nginx.conf`, config);
  const child = spawn(
    nginxCommand ?? "",
    ["-c", `${folder}/nginx.conf`, "-e", `${folder}/error.log`],
    {
      stdio: "inherit",
    },
  );
  return answering(child, `http://127.0.0.1:${port}`);
}

test("the site works under a path that nginx strips, and under one that it keeps", async ({
  page,
  baseURL,
}) => {
  test.skip(!nginxCommand, "nginx is not installed");
  const server = await serveMav(["--root-path", "/kept"]);
  const nginx = await proxy(baseURL ?? "", server.url);
  const failed: string[] = [];
  const outside: string[] = [];
  page.on("response", (response) => {
    if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`);
  });
  try {
    for (const path of ["/mav", "/kept"]) {
      page.on("request", (request) => {
        const { protocol, pathname } = new URL(request.url());
        if (protocol === "http:" && !/^\/(mav|kept)(\/|$)/.test(pathname)) outside.push(pathname);
      });
      const site = new Instrument(page);
      // Without a trailing slash both redirect to the page.
      await page.goto(`${nginx.url}${path}?prompt=Once&max_new_tokens=8`);
      await expect(page).toHaveURL(new RegExp(`^${nginx.url}${path}/`));
      await expect(page.locator("#model-help")).toContainText(WORDS.en.status.parameters(""));
      await site.run.click();
      await site.finished();
      await site.save(/^Standalone page ·/);
      await page.getByRole("link", { name: WORDS.en.header.views.names.compare }).click();
      await expect(page).toHaveURL(new RegExp(`${path}/\\?.*view=compare`));
      await page.goto(`${nginx.url}${path}/?training=example`);
      await expect(
        page.getByRole("listbox", { name: WORDS.en.training.said }).getByRole("option").first(),
      ).toBeVisible();
      await page.goto(`${nginx.url}${path}/glossary#residual-stream`);
      await expect(page.locator("#residual-stream")).toBeInViewport();
      await page.getByRole("link", { name: WORDS.en.pageControls.back }).click();
      await expect(page).toHaveURL(`${nginx.url}${path}/`);
      expect(failed).toEqual([]);

      await page.goto(`${nginx.url}${path}/no/such/page`);
      await page.getByRole("link", { name: WORDS.en.notFound.home }).click();
      await expect(page).toHaveURL(`${nginx.url}${path}/`);
      failed.length = 0;
    }
    expect(outside).toEqual([]);
  } finally {
    nginx.stop();
    server.stop();
  }
});
