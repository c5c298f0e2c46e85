import { afterEach } from "vitest";

// Tests without a document (see `@vitest-environment jsdom`) render nothing.
if (typeof document !== "undefined") {
  await import("@testing-library/jest-dom/vitest");
  const { cleanup, configure } = await import("@testing-library/react");
  configure({ asyncUtilTimeout: 20_000 });
  afterEach(cleanup);
}
