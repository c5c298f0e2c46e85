import { type ComponentProps, type ComponentType, lazy, Suspense } from "react";

type Loaded<C> = C | { readonly default: C };

/** Replaces `next/dynamic` in the standalone page, which contains all of its code. */
// biome-ignore lint/suspicious/noExplicitAny: any props, as in the types of React.lazy
export default function dynamic<C extends ComponentType<any>>(load: () => Promise<Loaded<C>>) {
  const Later = lazy(async () => {
    const loaded = await load();
    return "default" in loaded ? loaded : { default: loaded };
  });
  return function Dynamic(props: ComponentProps<C>) {
    return (
      <Suspense>
        <Later {...props} />
      </Suspense>
    );
  };
}
