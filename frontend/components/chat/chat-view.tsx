"use client";

import type { SettingField } from "@/lib/settings/fields";

export function ChatView({ fields }: { fields: readonly SettingField[] }) {
  return <p>{fields.length}</p>;
}
