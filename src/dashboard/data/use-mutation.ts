import { useCallback, useState } from "react";
import { type ApiError, mutate } from "../api.ts";
import type { TypedDocumentString } from "../generated/graphql.ts";

/** Why a change was refused, and of which argument: `path` is empty where it is of none in particular. */
export interface UserError {
  code: string;
  message: string;
  path: string[];
}

/** A payload of the API's mutations. */
type Payload = { userErrors: UserError[] };

export interface MutationState<Variables, Result> {
  /** Changes it; answers undefined where it was refused: `errors` says why. */
  run: (variables: Variables) => Promise<Result | undefined>;
  errors: UserError[];
  busy: boolean;
  clear: () => void;
}

/** Runs a mutation of one field, and gathers why it was refused, whoever refused it. */
export function useMutation<Result extends object, Variables>(
  document: TypedDocumentString<Result, Variables>,
): MutationState<Variables, Result> {
  const [errors, setErrors] = useState<UserError[]>([]);
  const [busy, setBusy] = useState(false);

  const run = useCallback(
    async (variables: Variables): Promise<Result | undefined> => {
      setBusy(true);
      try {
        const result = await mutate(document, variables);
        const found = Object.values(result).flatMap((payload) => (payload as Payload | null)?.userErrors ?? []);
        setErrors(found);
        return found.length === 0 ? result : undefined;
      } catch (error) {
        const { message, code } = error as ApiError;
        setErrors([{ message, code: code ?? "INTERNAL", path: [] }]);
        return undefined;
      } finally {
        setBusy(false);
      }
    },
    [document],
  );

  return { run, errors, busy, clear: useCallback(() => setErrors([]), []) };
}

/** What was refused since the component is there, of a mutation that others ran before for something else. */
export function useErrorsSince(errors: readonly UserError[]): readonly UserError[] {
  const [before] = useState(errors);
  return errors === before ? [] : errors;
}
