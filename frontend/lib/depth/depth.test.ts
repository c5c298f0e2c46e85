// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test } from "vitest";
import { flushAddress } from "@/lib/url-state/address-bar";
import { visit } from "@/lib/url-state/visit.fixture";
import { chooseDepth, currentDepth, DEPTH_SCRIPT, depthStore, followDepth } from "./depth";

const document = globalThis.document.documentElement;

beforeEach(() => {
  localStorage.clear();
  delete document.dataset.depth;
  visit("/");
  depthStore.setState("explain", true);
});
afterEach(() => depthStore.setState("explain", true));

test("a choice is remembered and in the address", () => {
  const stop = followDepth();
  chooseDepth("measure");
  flushAddress();
  expect(window.location.search).toBe("?depth=measure");
  expect(document.dataset.depth).toBe("measure");
  stop();
  visit("/");
  depthStore.setState("explain", true);
  followDepth()();
  expect(currentDepth()).toBe("measure");
});

test("the script applies the depth of the link, or else the remembered one", () => {
  const applied = (address: string) => {
    delete document.dataset.depth;
    visit(address);
    new Function(DEPTH_SCRIPT)();
    return document.dataset.depth;
  };
  expect(applied("/")).toBe("explain");
  localStorage.setItem("mav-depth", "look");
  expect(applied("/")).toBe("look");
  expect(applied("/?depth=measure")).toBe("measure");
  expect(applied("/?depth=nothing")).toBe("look");
});
