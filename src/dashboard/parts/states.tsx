import "./states.css";
import { Component, type ReactNode } from "react";
import { type ApiError, isAway } from "../api.ts";
import { words } from "../words.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";

/** Nothing to show, and what to do about it. */
export function Empty({ text, icon = "check", children }: { text?: string; icon?: IconName; children?: ReactNode }) {
  return (
    <div className="state">
      <Icon name={icon} size={22} />
      <p>{text ?? words.states.empty}</p>
      {children}
    </div>
  );
}

/** The page of something that is not there. */
export function Missing({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <>
      <div className="page-head">
        <h1>{title}</h1>
      </div>
      <section className="card">
        <Empty text={text} icon="search">
          {children}
        </Empty>
      </section>
    </>
  );
}

/** Lines where the content will be; `lines` of them. */
export function Loading({ lines = 5 }: { lines?: number }) {
  return (
    <div className="state-loading" role="status" aria-label={words.states.loading}>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="state-line" style={{ width: `${92 - ((line * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

/** Why something could not be read. */
export function Failed({ error, onAgain }: { error: ApiError; onAgain?: () => void }) {
  if (error.code === "FORBIDDEN") return <NoPermission text={error.message} />;
  return (
    <div className="state" role="alert">
      <Icon name="incident" size={22} />
      <p>
        <strong>{words.states.errorTitle}</strong> {error.message}
      </p>
      {onAgain && <Button onClick={onAgain}>{words.states.again}</Button>}
    </div>
  );
}

export function NoPermission({ text }: { text: string }) {
  return (
    <div className="state">
      <Icon name="response" size={22} />
      <p>
        <strong>{words.states.forbiddenTitle}</strong> {text}
      </p>
    </div>
  );
}

interface Asked<Result> {
  data: Result | undefined;
  /** It answers other variables. */
  isOther?: boolean;
  error: ApiError | undefined;
  reload: () => void;
}

/** Loading, why not, or the content. What was there stays while it is read anew, also where that fails for a while. */
export function Loaded<Result>({
  of,
  lines,
  title,
  children,
}: {
  of: Asked<Result>;
  lines?: number;
  /** The page's heading, where the content brings its own. */
  title?: string;
  children: (data: Result) => ReactNode;
}) {
  const { data, error } = of;
  if (data !== undefined && (!error || isAway(error) || (error.isPassing && !of.isOther))) {
    return (
      <>
        {error && !isAway(error) && <Failed error={error} onAgain={of.reload} />}
        {children(data)}
      </>
    );
  }
  return (
    <>
      {title && <h1 className="hidden-text">{title}</h1>}
      {error ? <Failed error={error} onAgain={of.reload} /> : <Loading {...(lines === undefined ? {} : { lines })} />}
    </>
  );
}

/** Keeps a part that breaks from taking the page with it. */
export class Guard extends Component<{ children: ReactNode }, { error: Error | undefined }> {
  override state: { error: Error | undefined } = { error: undefined };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    if (!this.state.error) return this.props.children;
    return (
      <div className="state" role="alert">
        <p>
          <strong>{words.states.crashed}</strong> {this.state.error.message}
        </p>
        <Button onClick={() => this.setState({ error: undefined })}>{words.states.again}</Button>
      </div>
    );
  }
}
