/** The dashboard: `src/build-dashboard.js` builds it; `npx vite src/dashboard` serves it beside a server on port 4000. */
declare const _default: import("vite").UserConfig;
export default _default;
