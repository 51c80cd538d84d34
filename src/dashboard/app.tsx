import { type ReactNode, Suspense, useCallback, useEffect, useLayoutEffect, useState } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { onSignedOut, query, signOut } from "./api.ts";
import { forgetAnswers, useQuery } from "./data/use-query.ts";
import { SessionInUseDocument, ViewerSessionDocument } from "./generated/graphql.ts";
import { pages } from "./pages.ts";
import { Failed, Guard, Loading, Missing, NoPermission } from "./parts/states.tsx";
import { IdleDialog } from "./session/idle-dialog.tsx";
import { SecondFactor } from "./session/second-factor.tsx";
import { SignIn } from "./session/sign-in.tsx";
import { useIdle } from "./session/use-idle.ts";
import { type Viewer, ViewerContext } from "./session/viewer.ts";
import { Shell } from "./shell/shell.tsx";
import { sessionWords } from "./words/session.ts";
import { words } from "./words.ts";

/** The dashboard for whoever is signed in, and the way in for whoever is not. */
export function App() {
  const [isOut, setIsOut] = useState(false);
  const [entries, setEntries] = useState(0); // how often somebody has signed in here
  const [leaving, setLeaving] = useState<Promise<boolean>>();
  const [notice, setNotice] = useState<string>();

  useEffect(
    () =>
      onSignedOut((leaving) => {
        forgetAnswers();
        setIsOut(true);
        setLeaving(leaving);
      }),
    [],
  );

  const enter = useCallback(() => {
    setNotice(undefined);
    setIsOut(false);
    setEntries((before) => before + 1);
  }, []);

  const leaveIdle = useCallback((minutes: number) => {
    setNotice(sessionWords.idle(minutes));
    signOut();
  }, []);

  const signIn = <SignIn notice={notice} leaving={leaving} onDone={enter} />;
  return isOut ? signIn : <Session key={entries} signIn={signIn} onIdle={leaveIdle} />;
}

/** Who is it? Nothing is left here of whoever it was before: they may be of another organization. */
function Session({ signIn, onIdle }: { signIn: ReactNode; onIdle: (minutes: number) => void }) {
  const session = useQuery(ViewerSessionDocument, {});
  if (session.error?.code === "UNAUTHENTICATED") return signIn;
  if (!session.data) return session.error ? <Failed error={session.error} onAgain={session.reload} /> : <Loading />;
  const { viewer } = session.data;
  if (viewer.secondFactor === "MISSING") return <SecondFactor onDone={session.reload} />;
  return (
    <ViewerContext value={viewer}>
      <SignedIn viewer={viewer} onIdle={onIdle} />
    </ViewerContext>
  );
}

function SignedIn({ viewer, onIdle }: { viewer: Viewer; onIdle: (minutes: number) => void }) {
  const minutes = viewer.organization.sessionIdleMinutes;
  const [path] = useLocation();
  const { left, stay } = useIdle(minutes, {
    onIdle: () => onIdle(minutes),
    onUse: () => void query(SessionInUseDocument, {}).catch(() => undefined), // whatever is wrong is told by who asks for more
  });
  return (
    <Shell>
      <Guard key={path}>
        <Suspense fallback={<Loading lines={8} />}>
          <Switch>
            {pages.map(({ path, permission, title, view: View }) => (
              <Route key={path} path={path}>
                <Titled title={title}>
                  {permission && !viewer.permissions.includes(permission) ? (
                    <>
                      <div className="page-head">
                        <h1>{title}</h1>
                      </div>
                      <section className="card">
                        <NoPermission text={words.states.forbidden(permission)} />
                      </section>
                    </>
                  ) : (
                    <View />
                  )}
                </Titled>
              </Route>
            ))}
            <Route>
              <Missing title={words.product} text={words.shell.pageGone}>
                <Link href="/">{words.shell.home}</Link>
              </Missing>
            </Route>
          </Switch>
        </Suspense>
      </Guard>
      <IdleDialog left={left} onStay={stay} />
    </Shell>
  );
}

function Titled({ title, children }: { title: string; children: ReactNode }) {
  // Before what is in it, which may say more.
  useLayoutEffect(() => {
    document.title = `${title} · ${words.product}`;
  }, [title]);
  return children;
}
