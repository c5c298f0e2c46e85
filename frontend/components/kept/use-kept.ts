import { useEffect, useState } from "react";

/** What was kept, once it has been read; null until then and where there is nothing. */
export function useKept<T>(reading: Promise<T | null> | null) {
  const [kept, setKept] = useState<T | null>(null);
  useEffect(() => {
    let gone = false;
    void reading?.then((found) => {
      if (!gone) setKept(found);
    });
    return () => {
      gone = true;
    };
  }, [reading]);
  return [kept, setKept] as const;
}
