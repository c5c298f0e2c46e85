import { Button } from "@/components/ui/button";
import type { Given } from "@/lib/settings/run-address";
import { words as runFormWords } from "./words";

interface GivenNoteProps {
  given: Given;
  onLeaveOut: () => void;
}

/** Shows the settings of the link that have no field, with a button to remove them. */
export function GivenNote({ given, onLeaveOut }: GivenNoteProps) {
  const words = runFormWords.given;
  const { messages, forced_ids } = given;
  if (!messages && !forced_ids) return null;
  return (
    <div className="mb-3 rounded-md border border-rule bg-well px-3 py-2">
      {messages && <p className="text-small">{words.messages(messages.length)}</p>}
      {forced_ids && <p className="text-small">{words.forced(forced_ids.length)}</p>}
      <Button className="mt-1.5 h-7 px-2 text-xs" onClick={onLeaveOut}>
        {words.leaveOut}
      </Button>
    </div>
  );
}
