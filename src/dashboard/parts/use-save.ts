import { useMutation } from "../data/use-mutation.ts";
import type { TypedDocumentString } from "../generated/graphql.ts";
import { toast } from "./toast.tsx";

/** Saves by a mutation: what was saved is said, then `onDone` is called; what was refused is in `errors`. */
export function useSave<Result extends object, Variables>(
  document: TypedDocumentString<Result, Variables>,
  said: string,
  onDone: () => void,
) {
  const { run, errors, busy } = useMutation(document);
  async function keep(variables: Variables): Promise<void> {
    if (!(await run(variables))) return;
    toast(said);
    onDone();
  }
  return { keep, errors, busy };
}

/** The same of what is changed as it was seen, where it is `present`, and made where it is not. */
export function useMakeOrChange<Make extends { input: object }, Change extends { id: string | number; input: object }>(
  present: { id: string; revision: number } | undefined,
  documents: { make: TypedDocumentString<object, Make>; change: TypedDocumentString<object, Change> },
  said: string,
  onDone: () => void,
) {
  const make = useSave(documents.make, said, onDone);
  const change = useSave(documents.change, said, onDone);
  return {
    keep: (input: Make["input"] & Change["input"]): Promise<void> =>
      present
        ? change.keep({ id: present.id, input: { ...input, expectedRevision: present.revision } } as unknown as Change)
        : make.keep({ input } as Make),
    errors: present ? change.errors : make.errors,
    busy: make.busy || change.busy,
  };
}
