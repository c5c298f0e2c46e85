"use client";

import { KeyRound } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { authorization, keepServerKey } from "@/lib/client/server-key";
import { Button } from "../button";
import { Input } from "../input";
import { words } from "./words";

interface KeyProblemProps {
  /** The code of the error: key_refused or scope_missing. */
  code: string;
  /** Called when there is another key. */
  onKey: () => void;
}

/** Says that the server wants an API key, and takes one. */
export default function KeyProblem({ code, onKey }: KeyProblemProps) {
  const [key, setKey] = useState("");
  const [isInvalid, setInvalid] = useState(false);
  const id = useId();
  const hasKey = "Authorization" in authorization();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const given = key.trim();
    // Other characters cannot be sent in a header.
    if (!/^[!-~]+$/.test(given)) return setInvalid(true);
    keepServerKey(given);
    onKey();
  };
  const forget = () => {
    keepServerKey("");
    onKey();
  };
  const why = code === "scope_missing" ? words.noScope : hasKey ? words.refused : words.missing;
  return (
    <div
      role="alert"
      className="flex flex-wrap items-start gap-x-4 gap-y-3 bg-error-wash px-5 py-4"
    >
      <KeyRound size={18} aria-hidden className="mt-0.5 shrink-0 text-error" />
      <form onSubmit={submit} className="min-w-60 flex-1">
        <p className="font-semibold text-ink">{words.title}</p>
        <p className="mt-0.5 max-w-[72ch] text-ink text-small">{why}</p>
        <div className="mt-3 flex max-w-xl flex-wrap items-end gap-2">
          <label htmlFor={id} className="min-w-52 flex-1 text-small text-ink">
            {words.key}
            <Input
              id={id}
              type="password"
              autoComplete="off"
              spellCheck={false}
              value={key}
              aria-invalid={isInvalid || undefined}
              aria-describedby={isInvalid ? `${id}-invalid` : undefined}
              onChange={({ target }) => {
                setKey(target.value);
                setInvalid(false);
              }}
            />
          </label>
          <Button type="submit" variant="primary">
            {words.use}
          </Button>
          {hasKey && <Button onClick={forget}>{words.forget}</Button>}
        </div>
        {isInvalid && (
          <p id={`${id}-invalid`} className="mt-1 text-error text-small">
            {words.invalid}
          </p>
        )}
      </form>
    </div>
  );
}
