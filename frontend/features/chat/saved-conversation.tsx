"use client";

import dynamic from "next/dynamic";
import { useStore } from "zustand";
import { orNothing } from "@/components/ui/or-nothing";
import { savedBefore } from "@/features/saved-run/saved-before";
import { words as savedRunWords } from "@/features/saved-run/words";
import { conversation } from "./current-conversation";
import { deleteSavedChat, keepConversation, readSavedChat } from "./save-conversation";

/** Loaded if there is a saved conversation. */
const Offer = dynamic(() => orNothing(import("@/features/saved-run/restore-offer")));

const chatBefore = savedBefore(readSavedChat);

// Never stopped, because replies continue while another view is shown.
if (typeof window !== "undefined") keepConversation(conversation);

/** Offers to restore the conversation that was open before the page was reloaded. */
export function SavedChatOffer() {
  const saved = useStore(chatBefore, (state) => state.saved);
  const words = savedRunWords.chat;
  if (!saved) return null;
  const end = () => chatBefore.setState({ saved: null });
  return (
    <div className="mx-auto mb-6 max-w-3xl overflow-hidden rounded-lg border border-rule">
      <Offer
        title={words.title}
        detail={words.detail(saved.length)}
        action={savedRunWords.restore}
        onRestore={async () => {
          await conversation.restore(saved);
          end();
        }}
        onDiscard={() => {
          deleteSavedChat();
          end();
        }}
      />
    </div>
  );
}
