import type { NextConfig } from "next";
import { PHASE_DEVELOPMENT_SERVER } from "next/constants";

/** The origin of the API for `next dev`. The built site has the same origin as the API. */
const apiOrigin = process.env.MAV_API_ORIGIN ?? "http://127.0.0.1:8000";

export default function config(phase: string): NextConfig {
  if (phase === PHASE_DEVELOPMENT_SERVER) {
    return {
      // Compression would buffer a stream until its end.
      compress: false,
      rewrites: async () => [{ source: "/api/:path*", destination: `${apiOrigin}/api/:path*` }],
    };
  }
  // A relative prefix, so that the built site works under any path. Its page is at the root of that
  // path.
  // Types are checked by `npm run typecheck`; here that would take more than half of the build.
  return { output: "export", assetPrefix: ".", typescript: { ignoreBuildErrors: true } };
}
