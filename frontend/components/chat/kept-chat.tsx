"use client";

import dynamic from "next/dynamic";
import { conversation } from "@/lib/chat/current";
import { forgetKeptChat, keepConversation, readKeptChat } from "@/lib/keeping/keep-chat";
import { text } from "@/lib/text";
import { useKept } from "../kept/use-kept";

/** Loaded when there is something to offer. */
const Offer = dynamic(() => import("../kept/offer"));

/**
 * What was kept before the page was loaded: read once, since what is kept later takes its place.
 * Null where there is none, and once it was restored or discarded.
 */
let keptChat = typeof window === "undefined" ? null : readKeptChat();

// From when the chat is first opened until the page is left: replies go on in other views.
if (typeof window !== "undefined") keepConversation(conversation);

/** Offers the conversation that a reload of the page took away. */
export function KeptChatOffer() {
  const [kept, setKept] = useKept(keptChat);
  const words = text.keeping.chat;
  if (!kept) return null;
  const end = () => {
    keptChat = null;
    setKept(null);
  };
  return (
    <div className="mx-auto mb-6 max-w-3xl overflow-hidden rounded-lg border border-rule">
      <Offer
        title={words.title}
        detail={words.detail(kept.length)}
        onRestore={async () => {
          await conversation.restore(kept);
          end();
        }}
        onDiscard={() => {
          forgetKeptChat();
          end();
        }}
      />
    </div>
  );
}
