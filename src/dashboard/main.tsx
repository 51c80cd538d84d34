import "./styles/tokens.css";
import "./styles/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { App } from "./app.tsx";
import { useSearchOnce } from "./data/use-param.ts";
import { askAhead } from "./data/use-query.ts";
import { ViewerSessionDocument } from "./generated/graphql.ts";
import { preload } from "./pages.ts";
import { applyTheme } from "./shell/theme.ts";

applyTheme();
askAhead(ViewerSessionDocument, {});
preload(location.pathname); // beside the question who is signed in

// A part of the page is gone where the server was renewed meanwhile: the page is read anew, once a minute at most.
const reloadKey = "vigil.reloaded";
addEventListener("vite:preloadError", () => {
  if (Date.now() - Number(sessionStorage.getItem(reloadKey) ?? 0) < 60_000) return;
  sessionStorage.setItem(reloadKey, String(Date.now()));
  location.reload();
});

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <Router searchHook={useSearchOnce}>
      <App />
    </Router>
  </StrictMode>,
);
