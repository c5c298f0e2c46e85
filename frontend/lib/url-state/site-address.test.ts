// @vitest-environment jsdom
import { afterEach, describe, expect, test } from "vitest";
import { siteAddress } from "./site-address";

describe("addresses of the site", () => {
  afterEach(() => window.history.replaceState(null, "", "/"));

  test.each([
    ["/", "/api/models"],
    ["/?prompt=a/b&view=chat#run", "/api/models"],
    ["/index.html", "/api/models"],
    ["/mav/", "/mav/api/models"],
    ["/tools/mav/?view=compare", "/tools/mav/api/models"],
  ])("are relative to the page at %s", (page, address) => {
    window.history.replaceState(null, "", page);
    expect(siteAddress("api/models")).toBe(`${window.location.origin}${address}`);
  });
});
