"use client";

import { History } from "lucide-react";
import { useEffect, useState } from "react";
import { conversation } from "@/lib/chat/current";
import { forgetKeptChat, keepConversation, readKeptChat } from "@/lib/keeping/keep-chat";
import { forgetKeptRun, keepShownRun, readKeptRun } from "@/lib/keeping/keep-run";
import { replayInto } from "@/lib/keeping/recorded";
import type { Session } from "@/lib/run/session";
import { text } from "@/lib/text";
import { createRunContext, useRunState, useSession } from "./run-context";
import { Button } from "./ui/button";

/**
 * What was kept before the page was loaded: read once, since what is kept later takes its place.
 * Each is null where there is none, and once it was restored or discarded.
 */
let keptRun = typeof window === "undefined" ? null : readKeptRun();
let keptChat = typeof window === "undefined" ? null : readKeptChat();

/** Keeps the visit's runs and conversation in this tab, so that a reload does not lose them. */
export function useKeeping(session: Session): void {
  useEffect(() => keepShownRun(session), [session]);
  useEffect(() => keepConversation(conversation), []);
}

/** Offers the run that a reload of the page took away. */
export function KeptRunOffer() {
  const session = useSession();
  const isEmpty = useRunState(({ run }) => run.phase === "idle");
  const [kept, setKept] = useKept(keptRun);
  const words = text.keeping.run;
  if (!kept || !isEmpty) return null;
  const end = () => {
    keptRun = null;
    setKept(null);
  };
  return (
    <Offer
      title={words.title}
      detail={words.detail(kept.model, kept.tokens)}
      onRestore={async () => {
        const run = createRunContext();
        await replayInto(run.store, kept);
        session.adopt(run, "");
        end();
      }}
      onDiscard={() => {
        forgetKeptRun();
        end();
      }}
    />
  );
}

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

function useKept<T>(reading: Promise<T | null> | null) {
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

interface OfferProps {
  title: string;
  detail: string;
  onRestore: () => Promise<void>;
  onDiscard: () => void;
}

function Offer({ title, detail, onRestore, onDiscard }: OfferProps) {
  const [state, setState] = useState<"offered" | "restoring" | "lost">("offered");
  const words = text.keeping;
  const restore = () => {
    setState("restoring");
    onRestore().catch(() => setState("lost"));
  };
  return (
    <section
      aria-label={title}
      className="flex flex-wrap items-center gap-x-4 gap-y-2 bg-sheet px-5 py-3"
    >
      <History size={16} aria-hidden className="shrink-0 text-data" />
      <div className="min-w-48 flex-1">
        <p className="font-medium text-small">{title}</p>
        <p role="status" className="text-quiet text-xs">
          {state === "lost" ? words.lost : detail}
        </p>
      </div>
      <div className="flex gap-2">
        {state !== "lost" && (
          <Button variant="primary" disabled={state === "restoring"} onClick={restore}>
            {state === "restoring" ? words.restoring : words.restore}
          </Button>
        )}
        <Button disabled={state === "restoring"} onClick={onDiscard}>
          {words.discard}
        </Button>
      </div>
    </section>
  );
}
