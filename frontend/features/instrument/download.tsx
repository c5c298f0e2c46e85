import { useStore } from "zustand";
import { download } from "@/lib/client/local-runs";

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** How much of a model that runs in the browser has been downloaded. */
export default function Download() {
  const current = useStore(download, (state) => state.current);
  if (!current) return null;
  const { received, total } = current;
  return (
    <span className="figures ml-1 text-quiet">
      {megabytes(received)} / {megabytes(total)} MB
    </span>
  );
}
