import type { NextConfig } from "next";
import { PHASE_DEVELOPMENT_SERVER } from "next/constants";

/** Where `next dev` finds the API; the built site shares its origin with the API. */
const apiOrigin = process.env.MAV_API_ORIGIN ?? "http://127.0.0.1:8000";

export default function config(phase: string): NextConfig {
  if (phase === PHASE_DEVELOPMENT_SERVER) {
    return {
      // Compression would hold a stream back until it ends.
      compress: false,
      rewrites: async () => [{ source: "/api/:path*", destination: `${apiOrigin}/api/:path*` }],
    };
  }
  // Relative, so that the built site works under any path; its one page is at the root of it.
  return { output: "export", assetPrefix: "." };
}
