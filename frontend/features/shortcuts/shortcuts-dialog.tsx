"use client";

import { Dialog } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { words as headerWords } from "@/features/header/words";
import { words } from "./words";

interface ShortcutsDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export default function ShortcutsDialog({ open, onOpenChange }: ShortcutsDialogProps) {
  return (
    <Dialog
      title={headerWords.shortcuts.open}
      closeLabel={words.close}
      open={open}
      onOpenChange={onOpenChange}
    >
      <dl className="divide-y divide-rule">
        {words.rows.map(({ keys, action }) => (
          <div key={action} className="flex items-center justify-between gap-6 py-2.5">
            <dt className="flex shrink-0 gap-1">
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd className="text-balance text-right text-quiet text-small">{action}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
